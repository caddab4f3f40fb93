//! What is done to a cluster by keys, on the screen and with the outcome asked of the API: the same scenarios on the real
//! control plane and on the demo.

use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::driver::{Driver, Setup};
use crate::live;
use crate::scenarios::ground::Ground;

mod applying;
#[cfg(unix)]
mod copying;
mod deleting;
pub mod forwarding;
mod grouped;
mod journal;
mod labelling;
mod looking;
mod making;
mod marked;
mod nodes;
mod rolling;
mod saving;
mod scaling;
mod typing;
mod work;

/// What controllers, kubelets and a busy machine may take together.
pub const PATIENCE: Duration = Duration::from_secs(40);
/// How far a demo's time goes between two looks at the screen, in milliseconds.
const STEP: u64 = 50;
/// An answer counts after 300 ms: the one place where a name is typed shows nothing that says so.
pub const SETTLED: Duration = Duration::from_millis(320);

/// What the palette's list is headed by.
const PALETTE: &str = "── Go to ─";

/// Makes the tests of a ground.
macro_rules! on {
    ($ground:ident) => {
        mod $ground {
            crate::scenarios::each! {$ground in acting;
                scaling:
                    replicas_are_chosen_by_keys_and_by_name
                    every_kind_that_has_a_scale_is_scaled
                    an_autoscaled_number_is_named_with_its_bounds;
                rolling:
                    workloads_are_restarted_and_so_is_what_a_pod_belongs_to
                    a_rollout_is_paused_resumed_and_undone
                    stateful_and_daemon_sets_go_back_to_a_revision;
                labelling:
                    labels_and_annotations_are_set_changed_and_removed
                    a_pod_that_leaves_its_set_and_its_service_is_told_of;
                looking:
                    yaml_is_live_and_what_changed_is_marked
                    values_of_a_secret_are_shown_when_asked_and_it_is_journalled
                    a_guard_rail_asks_before_values_are_shown
                    fields_are_explained_and_gone_into;
                typing:
                    what_is_typed_is_checked_explained_and_completed
                    what_is_typed_is_not_lost_when_one_leaves
                    blocks_pastes_and_replacements_are_one_change_each
                    a_secret_is_decoded_only_when_that_was_allowed
                    what_cannot_be_saved_is_said_at_its_line
                    what_others_change_meanwhile_is_said_and_taken_in
                    long_texts_are_typed_into;
                applying:
                    a_folder_is_applied_in_an_order_that_works
                    who_owns_a_field_is_named_before_it_is_taken_over
                    what_kubectl_applied_from_a_client_is_migrated
                    a_migrated_workload_becomes_what_the_plan_said
                    nothing_is_applied_before_everything_can_be_read
                    what_fails_costs_nothing_but_what_needs_it
                    in_read_only_mode_it_is_compared_here_and_nothing_is_sent
                    what_is_piped_into_the_program_is_applied
                    who_may_only_look_compares_and_applies_nothing
                    values_of_secrets_are_neither_shown_nor_kept;
                making:
                    every_text_that_one_begins_with_is_accepted
                    a_custom_resource_begins_with_its_schema
                    a_new_object_is_made_of_the_text_it_is_begun_with
                    a_copy_is_begun_without_what_the_server_filled_in
                    objects_are_written_to_a_file_and_nothing_is_written_over
                    a_secret_is_exported_when_that_is_allowed_and_for_its_owner_alone
                    what_another_one_changed_is_told
                    what_changed_of_a_secret_is_told_without_its_values
                    revisions_are_listed_compared_and_gone_back_to;
                deleting:
                    what_goes_with_an_object_is_counted
                    orphans_stay_and_a_stateful_set_asks_for_its_name
                    finalizers_hold_and_are_taken_away_by_name
                    grace_and_force_are_sent
                    an_eviction_asks_the_budget;
                nodes:
                    a_node_is_cordoned_tainted_and_opened_again
                    a_drain_waits_for_the_budget_and_can_be_stopped;
                work:
                    a_cron_job_is_triggered_and_suspended
                    a_job_is_retried_and_stays
                    a_service_is_made_for_what_runs;
                grouped:
                    events_are_grouped_counted_and_the_newest_is_first;
                copying:
                    a_tree_goes_into_a_container_and_comes_back
                    what_would_be_replaced_is_asked_for
                    what_is_not_there_is_said
                    nothing_is_copied_in_read_only_mode
                    a_large_file_is_the_same_and_can_be_stopped
                    a_connection_that_is_cut_is_no_end_of_a_file
                    a_container_that_takes_its_time_is_waited_for;
                marked:
                    three_restarts_wait_for_each_other
                    a_series_ends_at_what_fails
                    what_failed_stays_marked;
                forwarding:
                    ports_of_a_pod_are_forwarded_listed_and_closed
                    a_forward_to_a_service_or_workload_goes_on_to_the_next_pod
                    a_forward_to_a_pod_stays_with_its_name
                    a_hundred_megabytes_pass_unharmed
                    a_connection_that_is_cut_ends_and_the_next_one_works
                    who_rests_or_is_slow_loses_nothing
                    a_way_that_falls_silent_ends
                    a_service_that_turns_to_other_pods_takes_the_forward_along
                    forwards_go_on_in_another_context_and_end_with_the_program
                    what_is_not_allowed_is_not_forwarded
                    what_the_pod_refuses_is_said;
                journal:
                    what_was_written_is_shown_and_taken_back
                    what_was_deleted_is_made_again
                    what_go_spells_otherwise_comes_back
                    what_cannot_honestly_come_back_is_refused;
                saving:
                    only_what_was_written_is_sent
                    what_others_write_meanwhile_is_merged_or_asked_for
                    lists_are_merged_by_what_tells_their_items_apart
                    what_is_gone_or_another_is_not_written_to
                    what_the_server_fills_in_is_seen_before_it_is_sent
                    what_is_wrong_is_said_of_its_line_and_nothing_is_lost
                    a_secret_is_written_as_text_and_stands_in_no_file;
            }
        }
    };
}

on!(real);
on!(demo);

/// The program in front of a ground: keys in, screen out, and the time goes on between two looks.
pub struct Desk<'a> {
    ground: &'a Ground,
    pub driver: Driver,
    _folder: TempDir,
}

impl<'a> Desk<'a> {
    /// Opens a view of the scenario's namespace.
    pub fn open(ground: &'a Ground, resource: &str) -> Desk<'a> {
        let folder = tempfile::tempdir().expect("a folder");
        let kubeconfig = folder.path().join("kubeconfig");
        ground.write_kubeconfig(&kubeconfig);
        let driver = Setup::new(&kubeconfig).namespace(ground.namespace()).resource(resource).size(100, 40).start();
        Desk { ground, driver, _folder: folder }
    }

    /// With a program that was started otherwise; the folder is kept for as long as it runs.
    pub fn before(ground: &'a Ground, driver: Driver, folder: TempDir) -> Desk<'a> {
        Desk { ground, driver, _folder: folder }
    }

    /// The same as another user, by the name of a context.
    pub fn as_user(ground: &'a Ground, context: &str, resource: &str) -> Desk<'a> {
        let folder = tempfile::tempdir().expect("a folder");
        let kubeconfig = folder.path().join("kubeconfig");
        ground.write_kubeconfig(&kubeconfig);
        let setup = Setup::new(&kubeconfig).context(context).namespace(ground.namespace()).resource(resource);
        Desk { ground, driver: setup.size(100, 40).start(), _folder: folder }
    }

    /// The same by another kubeconfig, with a `config.toml` of these lines.
    pub fn with(ground: &'a Ground, kubeconfig: &Path, resource: &str, config: &str) -> Desk<'a> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("config.toml"), config).expect("is written");
        let setup = Setup::new(kubeconfig).namespace(ground.namespace()).resource(resource).settings(folder.path());
        Desk { ground, driver: setup.size(100, 40).start(), _folder: folder }
    }

    /// The time goes on a little, where it does not by itself.
    pub fn pass(&self) {
        self.ground.pass(STEP);
    }

    /// Waits until the screen is as described, and gives it.
    #[track_caller]
    pub fn wait(&self, what: &str, mut is: impl FnMut(&str) -> bool) -> String {
        self.driver.wait_for(PATIENCE, what, |screen| {
            let so = is(screen);
            if !so {
                self.ground.pass(STEP);
            }
            so
        })
    }

    /// Waits for words anywhere on the screen.
    #[track_caller]
    pub fn see(&self, words: &str) -> String {
        self.wait(words, |screen| shows(screen, words))
    }

    /// Waits until none of these words is on the screen.
    #[track_caller]
    pub fn without(&self, words: &str) -> String {
        self.wait(&format!("no {words}"), |screen| !screen.contains(words))
    }

    /// Presses keys, spelled as in a key map.
    pub fn press(&self, keys: &str) {
        self.driver.press(keys);
    }

    /// Types a command after `:`.
    pub fn command(&self, line: &str) {
        self.driver.command(line);
    }

    /// Shows another kind than that which is shown.
    #[track_caller]
    pub fn view(&self, resource: &str, name: &str) {
        self.command(resource);
        let plural = resource.split('.').next().unwrap_or(resource);
        // A pane is named among the four.
        let mut pane = plural.to_owned();
        pane[..1].make_ascii_uppercase();
        let shown = [format!("▸ {plural} "), format!(" {pane} ")];
        let named = |line: &str| shown.iter().any(|shown| line.contains(shown));
        self.wait(&format!("the view {plural}"), |screen| screen.lines().next().is_some_and(named));
        self.on(name);
    }

    /// Waits until the view of this name is on the screen.
    #[track_caller]
    pub fn view_named(&self, name: &str) {
        self.wait(&format!("the view {name}"), |screen| screen.lines().next().is_some_and(|line| line.contains(&format!("▸ {name} "))));
    }

    /// The cursor on an object of the table. It stays on that object, whatever comes and goes round it.
    #[track_caller]
    pub fn on(&self, name: &str) {
        let is = |line: &str| line.split_whitespace().any(|word| word == name);
        for _ in 0..100 {
            let screen = self.wait(&format!("the row {name}, live"), |screen| {
                screen.contains("● live") && live::row(screen, name).is_some() && !live::cursor(screen).is_empty()
            });
            let cursor = live::cursor(&screen);
            if is(cursor) {
                return;
            }
            let below = screen.lines().skip_while(|line| *line != cursor).any(is);
            self.press(if below { "j" } else { "k" });
            self.wait(&format!("the cursor on its way to {name}"), |screen| live::cursor(screen) != cursor);
        }
        panic!("the cursor does not get to {name}:\n{}", self.driver.screen());
    }

    /// Waits until the line of an object has these words.
    #[track_caller]
    pub fn row(&self, name: &str, words: &str) -> String {
        self.wait(&format!("{words} in the row {name}"), |screen| live::row(screen, name).is_some_and(|row| row.contains(words)))
    }

    /// Waits for a question that has all these words and takes an answer.
    #[track_caller]
    pub fn question(&self, words: &[&str]) -> String {
        self.wait(&format!("the question with {words:?}"), |screen| {
            screen.contains("yes, ") && words.iter().all(|word| shows(screen, word))
        })
    }

    /// Answers a question that has all these words with yes.
    #[track_caller]
    pub fn yes(&self, words: &[&str]) {
        self.question(words);
        self.press("y");
        self.without("yes, ");
    }

    /// Leaves the question.
    #[track_caller]
    pub fn no(&self) {
        self.press("n");
        self.without("yes, ");
    }

    /// Answers a question that has all these words, and asks for one more, by typing that.
    #[track_caller]
    pub fn types(&self, words: &[&str], wanted: &str) {
        self.answers(words, wanted, wanted);
        self.without(&format!("type {wanted} to go on"));
    }

    /// Types an answer to a question that asks for a word.
    #[track_caller]
    pub fn answers(&self, words: &[&str], wanted: &str, typed: &str) {
        let go_on = format!("type {wanted} to go on");
        let mut since = None;
        self.wait(&format!("the question with {words:?}, settled"), |screen| {
            let asked = shows(screen, &go_on) && words.iter().all(|word| shows(screen, word));
            asked && since.get_or_insert_with(Instant::now).elapsed() > SETTLED
        });
        self.driver.type_text(typed);
        self.press("enter");
    }

    /// A command that is not done, and why. What was typed is left.
    #[track_caller]
    pub fn refused(&self, line: &str, why: &str) {
        self.command(line);
        let screen = self.see(why);
        if screen.contains(PALETTE) {
            self.press("esc");
            self.without(PALETTE);
        }
        self.put_away();
    }

    /// A reason that was too long for one line stands in a box until it is closed. It may be at its line in a text already while
    /// the box says yet that the object is looked at.
    #[track_caller]
    pub fn put_away(&self) {
        const BOX: &str = ": not done ─";
        if self.without(" … ──").contains(BOX) {
            self.press("esc");
            self.without(BOX);
        }
    }
}

/// Whether words are on the screen, wherever lines were broken.
fn shows(screen: &str, words: &str) -> bool {
    let flat = |text: &str| text.split_whitespace().collect::<String>();
    screen.contains(words) || flat(screen).contains(&flat(words))
}
