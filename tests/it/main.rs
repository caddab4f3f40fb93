//! The one test binary: what needs the whole program, its sources or a cluster. Unit tests stand beside the code.
//!
//! Tests that need a cluster ask [`cluster::Cluster::from_env`] for it, and return when there is none.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access;
mod acting;
mod binary;
mod cli;
mod cluster;
mod driver;
mod entering;
mod exported;
mod fixture;
mod gate;
mod input;
mod keys;
mod kubeconfig;
#[cfg(unix)]
mod kubectl;
mod layers;
mod live;
mod login;
mod parity;
mod pictures;
mod printed;
mod random;
mod reading;
mod readme;
mod rewritten;
mod rights;
mod sample;
mod scenarios;
mod screens;
mod scripted;
mod settings;
mod swallow;
#[cfg(unix)]
mod terminal;
mod themes;
mod wait;
mod yaml;
