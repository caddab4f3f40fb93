//! The world among threads: calls take turns on it, one task moves its time, and watches hear that something happened.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::{Notify, watch};

use super::container::Container;
use super::shell::Disk;
use super::world::{Millis, World};

/// The system's clock is so far ahead only after a sleep: 10 minutes.
const ASLEEP: Millis = 600_000;

/// Where the world's time comes from.
#[derive(Debug)]
pub enum Time {
    /// The system's clock.
    System,
    /// What somebody says: a test, which then need not wait.
    Told(AtomicI64),
}

impl Time {
    /// Now, in milliseconds since 1970.
    pub fn now(&self) -> Millis {
        match self {
            Time::System => SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_millis() as Millis),
            Time::Told(now) => now.load(Ordering::Relaxed),
        }
    }
}

/// A world that runs.
pub struct Running {
    world: Mutex<World>,
    time: Time,
    /// The version of the newest change.
    changed: watch::Sender<u64>,
    /// There is something to do before the next timer, or another next timer.
    wake: Notify,
    /// Files of containers that somebody has gone into, by UID, container and restart; the newest last.
    disks: Mutex<Vec<(Life, Disk)>>,
}

/// One life of a container.
type Life = (String, String, u32);

/// Files of no more containers are kept: those that were gone into first are made up anew.
const DISKS: usize = 64;

impl Running {
    /// A world, not moving yet: see [`Running::drive`].
    pub fn new(world: World, time: Time) -> Arc<Running> {
        let (changed, _) = watch::channel(world.store.version());
        Arc::new(Running { world: Mutex::new(world), time, changed, wake: Notify::new(), disks: Mutex::default() })
    }

    /// The files of one life of a container, as whoever was there has left them.
    pub fn disk(&self, container: &Container) -> Disk {
        let life = (container.uid.clone(), container.name.clone(), container.restart);
        let mut disks = self.disks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, disk)) = disks.iter().find(|(known, _)| *known == life) {
            return disk.clone();
        }
        if disks.len() >= DISKS {
            disks.remove(0);
        }
        let disk = Disk::of(container);
        disks.push((life, disk.clone()));
        disk
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        // A call that panicked was answered with 500; the world holds no half-made object, since objects are put whole.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the world as it is now.
    pub fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let (result, version) = {
            let mut world = self.lock();
            self.catch_up(&mut world);
            let result = act(&mut world);
            (result, world.store.version())
        };
        self.tell(version);
        self.wake.notify_one();
        result
    }

    /// Looks at the world, without moving it: what a stream does many times a second.
    pub fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.lock())
    }

    /// Wakes who waits for a newer version.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn tell(&self, version: u64) {
        self.changed.send_if_modified(|told| std::mem::replace(told, version) != version);
    }

    /// Now, in milliseconds since 1970.
    pub fn now(&self) -> Millis {
        self.time.now()
    }

    /// Moves a told time on, and does all that is due until then.
    pub fn pass(&self, milliseconds: Millis) {
        if let Time::Told(now) = &self.time {
            now.fetch_add(milliseconds, Ordering::Relaxed);
        }
        while self.slice() {}
    }

    /// Does a slice of what is due: true when there is more.
    fn slice(&self) -> bool {
        let (more, version) = {
            let mut world = self.lock();
            (self.catch_up(&mut world), world.store.version())
        };
        self.tell(version);
        more
    }

    /// Does a slice of what is due by now. A machine that slept does not make up for what would have happened meanwhile.
    fn catch_up(&self, world: &mut World) -> bool {
        let now = self.time.now();
        if matches!(self.time, Time::System) && now - world.now() > ASLEEP {
            world.skip_to(now);
        }
        world.advance(now)
    }

    /// Moves the world's time, until the task is dropped. It leaves the world to others between slices.
    pub async fn drive(self: Arc<Self>) {
        loop {
            if self.slice() {
                tokio::task::yield_now().await;
                continue;
            }
            let next = self.read(World::next_due);
            let wait = match (&self.time, next) {
                (Time::System, Some(due)) => Duration::from_millis((due - self.now()).max(1) as u64),
                // A told time moves when it is told to, and that does what is due.
                (Time::System | Time::Told(_), _) => Duration::from_secs(3600),
            };
            let _ = tokio::time::timeout(wait, self.wake.notified()).await;
        }
    }
}
