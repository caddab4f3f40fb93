//! What a cluster does, told once and played on every ground there is: the real control plane and the demo.
//!
//! Each scenario is an `async fn name(ground: &Ground)`, named once in the table below, which makes a test of it for each
//! ground. Where a scenario succeeds on the real control plane and not on the demo, the demo is wrong.

use ground::{Ground, Patch};
use objects::*;

mod deletion;
pub mod ground;
mod jobs;
mod kinds;
mod lists;
pub mod objects;
mod patches;
mod pods;
mod recorded;
mod rollout_controls;
mod rollouts;
mod services;
pub mod watches;
mod watching;
mod workloads;

/// Makes the tests of a ground, `ground::NAME(scenario's name) -> Option<Ground>`.
macro_rules! on {
    ($ground:ident) => {
        mod $ground {
            table! {$ground}
        }
    };
}

/// A test for each scenario of each module of a home.
macro_rules! each {
    ($ground:ident in $home:ident; $($module:ident: $($name:ident)+;)+) => {
        $($(
            #[test]
            fn $name() {
                crate::scenarios::ground::play(crate::scenarios::ground::$ground(stringify!($name)), crate::$home::$module::$name);
            }
        )+)+
    };
}

pub(crate) use each;

/// All scenarios.
macro_rules! table {
    ($ground:ident) => {
        each! {$ground in scenarios;
            kinds:
                every_kind_is_stored_alike
                what_is_wrong_is_refused_alike;
            deletion:
                background_deletion_takes_the_owned_along
                foreground_deletion_waits_for_the_owned
                orphans_stay_without_their_owner
                grace_and_finalizers_keep_what_is_deleted
                preconditions_protect_from_a_mistake
                a_collection_is_deleted_by_its_selector
                a_namespace_goes_with_its_contents
                an_eviction_honours_the_budget;
            jobs:
                a_job_runs_to_its_completions
                a_job_that_fails_gives_up_at_its_limit
                a_job_is_retried_after_a_while
                a_finished_job_goes_after_its_time
                a_suspended_job_waits
                a_cron_job_owns_its_jobs;
            pods:
                a_crash_loops
                an_image_that_is_not_there_is_backed_off_from
                an_image_may_never_be_ready_or_be_slow
                a_pod_that_fits_nowhere_says_why
                a_gated_pod_waits_and_a_named_scheduler_too
                pods_are_bound_to_nodes_and_tell_it
                a_cordon_keeps_new_pods_away
                logs_are_read
                users_may_do_what_their_roles_say;
            services:
                addresses_and_ports_are_allocated
                slices_know_who_is_ready;
            workloads:
                deployment_is_created_read_and_listed
                deployment_is_scaled
                stateful_set_starts_and_shrinks_in_order
                stateful_set_updates_above_its_partition
                daemon_set_runs_where_nodes_fit
                replication_controller_keeps_its_pods;
            rollouts:
                rolls_one_more_and_none_less
                rolls_none_more_and_one_less
                rolls_by_quarters
                rolls_all_at_once;
            rollout_controls:
                recreate_has_never_old_and_new
                a_paused_deployment_scales_but_does_not_roll
                undo_takes_an_old_revision_up_again
                a_rollout_that_gets_nowhere_says_so_after_its_deadline
                a_pod_is_available_only_after_min_ready_seconds
                a_relabelled_pod_leaves_its_set_and_its_service;
            patches:
                a_stale_replace_is_a_conflict
                json_patches_test_before_they_write
                merge_patches_replace_lists_and_drop_nulls
                strategic_patches_merge_by_keys
                applying_owns_fields
                a_dry_run_answers_and_stores_nothing;
            lists:
                label_selectors_choose
                field_selectors_choose
                pages_have_everything_once
                versions_of_lists
                tables_print_rows;
            watches:
                a_watch_goes_on_from_a_version
                a_streaming_list_ends_with_its_bookmark
                what_falls_out_of_a_selector_is_deleted_for_its_watch
                a_version_that_is_too_old_is_gone
                tables_are_watched
                a_custom_kind_is_validated_and_scaled;
        }
    };
}

on!(real);
on!(demo);
