//! Logs by keys, on the demo and on the real control plane: who is read, who joins, what a bad network does to it. What is
//! saved is held against what the API says.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::acting::Desk;
use crate::driver::Setup;
use crate::scenarios::ground::Ground;
use crate::scenarios::objects::{deployment, pod, service};
use crate::swallow::Proxy;

/// Makes the tests of a ground.
macro_rules! on {
    ($ground:ident) => {
        mod $ground {
            crate::scenarios::each! {$ground in reading;
                logs:
                    a_workload_is_read_and_who_comes_later_joins
                    one_of_several_containers_is_chosen
                    what_has_no_log_says_why
                    the_life_before_is_read
                    a_cut_connection_loses_and_repeats_nothing
                    lines_are_filtered_searched_copied_and_saved;
            }
        }
    };
}

on!(real);
on!(demo);

/// What containers say. On the demo they speak by themselves; those of the real control plane all read one file, to which
/// this adds a line each few milliseconds.
pub struct Voice {
    over: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// The file that every container of the real control plane reads.
fn file(name: &str) -> PathBuf {
    let kubeconfig = std::env::var_os("KUBETUI_TEST_KUBECONFIG").expect("the real control plane is there");
    PathBuf::from(kubeconfig).with_file_name(name)
}

/// A line as the kubelet keeps it.
fn say(name: &str, text: &str) {
    let line = format!("{} stdout F {text}\n", jiff::Timestamp::now());
    let mut file = std::fs::File::options().append(true).create(true).open(file(name)).expect("it can be opened");
    file.write_all(line.as_bytes()).expect("it can be written");
}

impl Voice {
    fn raise(ground: &Ground) -> Voice {
        if ground.is_real() { Voice::speak(ground.namespace()) } else { Voice { over: Arc::default(), thread: None } }
    }

    /// Of the real control plane's containers; `of` tells this voice from those of other tests.
    pub fn speak(of: &str) -> Voice {
        let over = Arc::new(AtomicBool::new(false));
        let (told, of) = (over.clone(), of.to_owned());
        let thread = std::thread::spawn(move || {
            for number in 0.. {
                if told.load(Ordering::SeqCst) {
                    return;
                }
                say("container.log", &format!("level={} of={of} number={number}", if number % 10 == 0 { "warn" } else { "info" }));
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        Voice { over, thread: Some(thread) }
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        drop(self.thread.take().map(std::thread::JoinHandle::join));
    }
}

pub mod logs {
    use super::*;

    pub async fn a_workload_is_read_and_who_comes_later_joins(ground: &Ground) {
        let _voice = Voice::raise(ground);
        ground.post(&ground.apps("deployments"), &deployment("web", 2, "app:1")).await.ok();
        ground.post(&ground.core("services"), &service("web", "web")).await.ok();
        let desk = Desk::open(ground, "deployments");
        desk.row("web", "2/2");
        desk.press("l");
        desk.wait("both are read, and speak", |screen| screen.contains("2 containers") && screen.matches("web-").count() > 8);
        ground.patch(&ground.apps("deployments/web"), crate::scenarios::ground::Patch::Merge, &json!({"spec": {"replicas": 3}})).await.ok();
        desk.wait("a third one joins", |screen| screen.contains("3 containers"));
        desk.press("f");
        desk.driver.type_text("nothing-says-this");
        desk.press("enter");
        desk.see("is left by the filter");
        desk.press("esc");
        desk.wait("the filter is gone", |screen| !screen.contains("is left by the filter"));
        // The one that joined is told of in the log itself; and so is one that goes.
        desk.press("/");
        desk.driver.type_text("/app joined/");
        desk.press("enter");
        desk.see(" of 1");
        // It may have come just after the search.
        desk.press("n");
        desk.wait("the line that says so", |screen| screen.contains("1 of 1") && screen.contains("joined ──"));
        desk.press("esc");
        desk.press("esc");
        desk.see("READY");
        desk.view("services", "web");
        desk.press("l");
        desk.wait("its pods are read", |screen| screen.contains("service/web ▸ logs") && screen.contains("3 containers"));
    }

    pub async fn one_of_several_containers_is_chosen(ground: &Ground) {
        let _voice = Voice::raise(ground);
        let mut two = pod("two", "app:1");
        two["spec"]["containers"] = json!([{"name": "first", "image": "app:1"}, {"name": "second", "image": "app:1"}]);
        ground.post(&ground.core("pods"), &two).await.ok();
        let desk = Desk::open(ground, "pods");
        desk.row("two", "2/2");
        desk.press("l");
        desk.see("Log of");
        desk.driver.type_text("sec");
        desk.press("enter");
        desk.wait("it alone", |screen| {
            screen.contains("second, last") && screen.contains(" 1 container ") && !screen.contains("two/first")
        });
        desk.press("o");
        desk.see("all containers");
        desk.press("enter");
        desk.wait("both", |screen| screen.contains("2 containers") && screen.contains("two/first") && screen.contains("two/second"));
        desk.press("esc");
        desk.command("logs third");
        desk.see("there is no container \"third\": first, second");
    }

    pub async fn what_has_no_log_says_why(ground: &Ground) {
        ground.post(&ground.core("pods"), &pod("stuck", "no-such:1")).await.ok();
        ground.post(&ground.core("configmaps"), &crate::scenarios::objects::config_map("cm", json!({}))).await.ok();
        let desk = Desk::open(ground, "pods");
        desk.wait("it cannot be pulled", |screen| screen.contains("ErrImagePull") || screen.contains("ImagePullBackOff"));
        desk.press("l");
        desk.see("stuck/app has not started: ");
        desk.press("esc");
        desk.press("p");
        desk.see("no container was restarted");
        desk.press("esc");
        desk.view("configmaps", "cm");
        desk.press("l");
        desk.see("a configmap has no log: pods have, and what makes pods");
    }

    pub async fn the_life_before_is_read(ground: &Ground) {
        let _voice = Voice::raise(ground);
        if ground.is_real() {
            say("previous.log", &format!("the life before of {}", ground.namespace()));
        }
        ground.post(&ground.core("pods"), &pod("boom", "crash:1")).await.ok();
        let desk = Desk::open(ground, "pods");
        desk.row("boom", "CrashLoopBackOff");
        desk.wait("it was restarted", |screen| crate::live::row(screen, "boom").is_some_and(|row| row.contains("ago)")));
        desk.press("p");
        let screen = desk.wait("what it said before", |screen| screen.contains(" previous ") && !screen.contains(" 0 lines"));
        assert!(!ground.is_real() || screen.contains("the life before of "), "{screen}");
        desk.press("p");
        desk.wait("this life", |screen| screen.contains("last 1000 of each") && !screen.contains(" 0 lines"));
    }

    pub async fn a_cut_connection_loses_and_repeats_nothing(ground: &Ground) {
        let voice = Voice::raise(ground);
        ground.post(&ground.core("pods"), &pod("talks", "app:1")).await.ok();
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = folder.path().join("kubeconfig");
        ground.write_kubeconfig(&kubeconfig);
        let (proxy, through) = Proxy::before(&kubeconfig, folder.path());
        let driver = Setup::new(&through).namespace(ground.namespace()).resource("pods").size(110, 30).start();
        let desk = Desk::before(ground, driver, folder);
        desk.row("talks", "1/1");
        desk.press("l");
        desk.wait("it speaks", |screen| screen.contains("1 container") && lines(screen) > 5);
        for _ in 0..2 {
            let before = lines(&desk.driver.screen());
            proxy.cut();
            desk.wait("it is said to be not read", |screen| screen.contains("1 of 1 not read") || screen.contains("stale"));
            for _ in 0..20 {
                ground.pass(100);
            }
            proxy.forward();
            desk.wait("it is read again", |screen| {
                screen.contains("● live") && screen.contains("1 container") && lines(screen) > before + 5
            });
        }
        drop(voice);
        desk.press("/");
        desk.driver.type_text("nothing is missing");
        desk.press("enter");
        // Two that come at once are one line.
        desk.see("talks/app is read again after");
        let saved = desk.saved();
        let (own, said): (Vec<&str>, Vec<&str>) = saved.lines().partition(|line| line.starts_with("-- "));
        assert!(own.iter().all(|line| line.contains("read again")), "no gap: {own:?}");
        let log = ground.get(&ground.core("pods/talks/log")).await.ok();
        let whole: Vec<&str> = log.as_str().expect("a text").lines().collect();
        let from = whole.iter().position(|line| *line == said[0]).expect("it begins with a line of the log");
        let until = (from + said.len()).min(whole.len());
        assert!(said.len() > 10);
        same(&said, &whole[from..until]);
    }

    pub async fn lines_are_filtered_searched_copied_and_saved(ground: &Ground) {
        let _voice = Voice::raise(ground);
        ground.post(&ground.core("pods"), &pod("talks", "app:1")).await.ok();
        let desk = Desk::open(ground, "pods");
        desk.row("talks", "1/1");
        desk.press("l");
        desk.wait("it speaks", |screen| lines(screen) > 10);
        desk.press("s");
        desk.wait("it stands still, and counts", |screen| screen.contains("paused, ") && screen.contains(" new"));
        desk.press("f");
        desk.driver.type_text("level>=loud");
        desk.see("is no level");
        desk.press("esc");
        desk.press("space k k space");
        desk.see("2 marked");
        desk.press("c c");
        desk.wait("a copy", |_| desk.driver.copied().is_some_and(|copied| copied.lines().count() == 2));
        desk.press("esc");
        desk.without("2 marked");
        desk.press("t t");
        desk.see("Z ");
        desk.press("2");
        desk.see("last 1m");
        desk.press("s s");
        desk.press("ctrl-s");
        desk.see("save pod-talks-");
        desk.press("enter");
        let screen = desk.see("lines are in ");
        let name = screen.split("lines are in ").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a file").to_owned();
        let text = std::fs::read_to_string(&name).expect("it is there");
        std::fs::remove_file(&name).expect("and goes");
        assert!(text.lines().all(|line| line.parse_stamp()), "{text}");
        desk.command("save /no/such/folder/log");
        desk.see("cannot be written");
    }
}

/// Every line once, in order; else the first that differs, and what stands round it.
#[track_caller]
pub fn same(said: &[&str], whole: &[&str]) {
    let differs = said.iter().zip(whole).position(|(said, whole)| said != whole);
    let around = |lines: &[&str], at: usize| lines[at.saturating_sub(2)..(at + 4).min(lines.len())].join("\n  ");
    if let Some(at) = differs {
        panic!("line {at} of {}: it says\n  {}\nand not\n  {}", said.len(), around(said, at), around(whole, at));
    }
    assert_eq!(said.len(), whole.len());
}

/// How many lines the bottom of a log says that there are.
pub fn lines(screen: &str) -> usize {
    let bottom = screen.lines().last().unwrap_or_default();
    let words: Vec<&str> = bottom.split_whitespace().collect();
    words.windows(2).find_map(|pair| (pair[1] == "lines").then(|| pair[0].parse().ok()).flatten()).unwrap_or(0)
}

trait Stamped {
    /// Begins with a time.
    fn parse_stamp(&self) -> bool;
}

impl Stamped for str {
    fn parse_stamp(&self) -> bool {
        let rest = self.strip_prefix("-- ").unwrap_or(self);
        rest.split(' ').next().is_some_and(|first| first.parse::<jiff::Timestamp>().is_ok())
    }
}

impl Desk<'_> {
    /// Saves the log on the screen, and gives what is in the file.
    fn saved(&self) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        self.command(&format!("save {}", path.display()));
        self.see("lines are in ");
        std::fs::read_to_string(path).expect("it is there")
    }
}
