//! What a cluster does, told once and played on every ground there is: the real control plane and the demo.
//!
//! Each scenario is an `async fn name(ground: &Ground)`, named once in the table below, which makes a test of it for each
//! ground. Where a scenario succeeds on the real control plane and not on the demo, the demo is wrong.

use ground::{Ground, Patch, Watch};
use objects::*;

mod ground;
mod objects;
mod rollouts;
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
            workloads: deployment_is_created_read_and_listed deployment_is_scaled stateful_set_starts_and_shrinks_in_order
                stateful_set_updates_above_its_partition daemon_set_runs_where_nodes_fit replication_controller_keeps_its_pods;
            rollouts: rolls_one_more_and_none_less rolls_none_more_and_one_less rolls_by_quarters rolls_all_at_once;
        }
    };
}

on!(real);
