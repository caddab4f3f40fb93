//! Waiting for something to become so. No test sleeps for luck.

use std::time::{Duration, Instant};

/// Between two looks.
const STEP: Duration = Duration::from_millis(50);

/// Looks until `look` gives something, and returns that. Panics after `limit` with `what` was waited for, and what the
/// last look said of why not.
pub fn wait_until<T>(limit: Duration, what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let start = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(why) => assert!(start.elapsed() < limit, "waited {limit:?} in vain for {what}: {why}"),
        }
        std::thread::sleep(STEP);
    }
}

#[test]
fn what_becomes_so_is_returned() {
    let mut looks = 0;
    let found = wait_until(Duration::from_secs(5), "the third look", || {
        looks += 1;
        if looks == 3 { Ok(looks) } else { Err(format!("only {looks}")) }
    });
    assert_eq!(found, 3);
}

#[test]
#[should_panic(expected = "in vain for the impossible: it is not so")]
fn what_never_becomes_so_fails_with_the_reason() {
    wait_until::<()>(Duration::from_millis(60), "the impossible", || Err("it is not so".to_owned()));
}
