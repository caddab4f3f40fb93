//! What a cluster does, told once and played on every ground there is: the real control plane and the demo.
//!
//! Each scenario is an `async fn name(ground: &Ground)`, named once in the table below, which makes a test of it for each
//! ground. Where a scenario succeeds on the real control plane and not on the demo, the demo is wrong.

use ground::{Ground, Patch, Watch};
use objects::*;

mod ground;
mod lists;
mod objects;
mod patches;
mod rollout_controls;
mod rollouts;
mod watches;
mod workloads;

/// Makes the tests of a ground, `ground::NAME(scenario's name) -> Option<Ground>`.
macro_rules! on {
    ($ground:ident) => {
        mod $ground {
            table! {$ground}
        }
    };
}

/// A test for each scenario of each module.
macro_rules! each {
    ($ground:ident; $($module:ident: $($name:ident)+;)+) => {
        $($(
            #[test]
            fn $name() {
                crate::scenarios::ground::play(crate::scenarios::ground::$ground(stringify!($name)), crate::scenarios::$module::$name);
            }
        )+)+
    };
}

/// All scenarios.
macro_rules! table {
    ($ground:ident) => {
        each! {$ground;
            workloads: deployment_is_created_read_and_listed deployment_is_scaled stateful_set_starts_and_shrinks_in_order stateful_set_updates_above_its_partition daemon_set_runs_where_nodes_fit replication_controller_keeps_its_pods;
            rollouts: rolls_one_more_and_none_less rolls_none_more_and_one_less rolls_by_quarters rolls_all_at_once;
            rollout_controls: recreate_has_never_old_and_new a_paused_deployment_scales_but_does_not_roll undo_takes_an_old_revision_up_again a_rollout_that_gets_nowhere_says_so_after_its_deadline a_pod_is_available_only_after_min_ready_seconds a_relabelled_pod_leaves_its_set_and_its_service;
            patches: a_stale_replace_is_a_conflict json_patches_test_before_they_write merge_patches_replace_lists_and_drop_nulls strategic_patches_merge_by_keys applying_owns_fields a_dry_run_answers_and_stores_nothing;
            lists: label_selectors_choose field_selectors_choose pages_have_everything_once versions_of_lists tables_print_rows;
            watches: a_watch_goes_on_from_a_version a_streaming_list_ends_with_its_bookmark what_falls_out_of_a_selector_is_deleted_for_its_watch a_version_that_is_too_old_is_gone tables_are_watched a_custom_kind_is_validated_and_scaled;
        }
    };
}

on!(real);
