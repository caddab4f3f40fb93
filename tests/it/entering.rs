//! Going into containers by keys: shells, commands, attach, debug containers. The terminal is handed over, and given back
//! whole. The same scenarios on the real control plane and on the demo, as far as its kubelets do the same: those of the real
//! one run every command on this machine, and have no ephemeral containers.

use std::time::Instant;

use serde_json::json;

use crate::acting::{Desk, PATIENCE};
use crate::scenarios::ground::Ground;
use crate::scenarios::objects::pod;

mod attaching;
mod breaking;
mod debugging;
mod refusing;
mod shells;

/// Makes the tests of a ground.
macro_rules! on {
    ($ground:ident) => {
        mod $ground {
            crate::scenarios::each! {$ground in entering;
                shells:
                    a_shell_has_a_terminal_of_the_right_size
                    a_command_ends_with_its_code_and_waits_for_a_key
                    what_is_typed_goes_as_it_is
                    a_workload_is_entered_by_its_newest_ready_pod
                    of_several_containers_one_is_chosen;
                attaching:
                    attach_shows_output_and_types_when_that_is_switched_on
                    a_container_without_input_says_so;
                debugging:
                    a_debug_container_is_added_and_attached_to
                    an_image_that_cannot_be_pulled_is_said
                    a_debug_container_that_is_waited_for_can_be_left;
                breaking:
                    a_connection_that_is_cut_gives_the_terminal_back
                    a_connection_that_hangs_is_left
                    a_connection_that_hangs_ends_by_itself;
                refusing:
                    several_are_entered_one_at_a_time
                    read_only_refuses_and_a_rail_asks
                    who_may_not_is_told_so
                    what_does_not_run_is_not_entered
                    a_pod_that_was_made_anew_runs_nothing
                    a_rail_about_what_it_is_asked_of_holds
                    a_session_is_in_the_journal_from_its_beginning;
            }
        }
    };
}

on!(real);
on!(demo);

/// What only the demo's kubelets do.
mod demo_alone {
    crate::scenarios::each! {demo in entering;
        debugging:
            where_there_is_no_shell_a_debug_container_is_offered;
        breaking:
            a_pod_that_goes_ends_its_shell;
    }
}

impl Desk<'_> {
    /// Waits until a session has the terminal, and has shown these words.
    #[track_caller]
    fn inside(&self, words: &str) {
        self.until(&format!("{words:?} in a session"), || self.driver.in_session() && self.driver.session().contains(words));
    }

    /// Waits until a session has shown these words, with which it may be over.
    #[track_caller]
    fn said(&self, words: &str) {
        self.until(&format!("{words:?}"), || self.driver.session().contains(words));
    }

    /// Waits for words of the journal, however long its lines are.
    #[track_caller]
    fn journal(&self, all: &[&str]) {
        self.command("journal");
        self.see("outcome");
        self.press("w");
        for words in all {
            self.see(words);
        }
    }

    /// Waits until the screen is the program's again, and shows these words.
    #[track_caller]
    fn back(&self, words: &str) {
        self.until("the screen again", || !self.driver.in_session());
        self.see(words);
    }

    #[track_caller]
    fn until(&self, what: &str, mut is: impl FnMut() -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is() {
            assert!(
                Instant::now() < end,
                "waited in vain for {what}; the session:\n{}\nthe screen:\n{}",
                self.driver.session(),
                self.driver.screen()
            );
            self.pass();
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
}

/// Makes a pod, and waits until it is ready.
async fn running(ground: &Ground, object: &serde_json::Value) {
    ground.post(&ground.core("pods"), object).await.ok();
    let path = ground.core(&format!("pods/{}", object["metadata"]["name"].as_str().expect("a name")));
    ground.until_is(&path, &[("/status/phase", json!("Running"))]).await;
}

/// A pod that runs, and the cursor on it.
async fn on_web(ground: &Ground) -> Desk<'_> {
    running(ground, &pod("web", "app:1")).await;
    let desk = Desk::open(ground, "pods");
    desk.on("web");
    desk.row("web", "Running");
    desk
}
