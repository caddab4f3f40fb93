//! From the bytes of an object to its row. Budget: 10 µs for a pod of 8 KB (as JSON) that came as protobuf.
//!
//! `cargo bench --bench decode`
//!
//! | | budget | measured |
//! | --- | --- | --- |
//! | `pod` | 10 µs | 5.4 µs, usually 5.7 µs |
//! | `troubled_pods`, each of 35 | 10 µs | 3.1 µs, usually 3.2 µs |
//!
//! On two shared cores of an Intel Xeon in the cloud that others kept busy (load 5). Built with `lto = false` and 16
//! codegen units.

#![allow(clippy::expect_used)] // a benchmark that cannot read its input has to stop

use bytes::Bytes;
use divan::{Bencher, black_box};
use kubetui::kinds::pods::POD;
use kubetui::kinds::{List, Wire};
use kubetui::model::intern::Interner;
use prost::Message;

fn main() {
    divan::main();
}

#[derive(Clone, PartialEq, Message)]
struct Envelope {
    #[prost(bytes = "bytes", tag = 2)]
    raw: Bytes,
}

/// The message in a recorded answer: behind `k8s\0`, in a `runtime.Unknown`.
fn recorded(answer: &'static [u8]) -> Bytes {
    Envelope::decode(answer.strip_prefix(b"k8s\0").expect("magic")).expect("runtime.Unknown").raw
}

fn interner() -> Interner {
    Interner::new(POD.as_kind().into())
}

/// A running pod of a Deployment, with two containers.
#[divan::bench]
fn pod(bencher: Bencher<'_, '_>) {
    let pod = recorded(include_bytes!("../tests/frames/pod.pb"));
    let mut interner = interner();
    bencher.bench_local(|| (POD.decode)(Wire::Protobuf, black_box(&pod), &mut interner));
}

/// Small pods in every state there is, many of them with a message to be composed.
#[divan::bench]
fn troubled_pods(bencher: Bencher<'_, '_>) {
    let pods = List::decode(recorded(include_bytes!("../tests/frames/pods.pb"))).expect("a list").items;
    let mut interner = interner();
    bencher.counter(divan::counter::ItemsCount::new(pods.len())).bench_local(|| {
        for pod in &pods {
            let _ = black_box((POD.decode)(Wire::Protobuf, black_box(pod), &mut interner));
        }
    });
}
