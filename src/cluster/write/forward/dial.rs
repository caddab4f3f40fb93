//! One TCP connection of a forward: a pod is chosen, a way into it is opened, and bytes are carried.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::carry::End;
use super::pods::Choice;
use super::{Counters, VERB, carry, elsewhere};
use crate::cluster::connect::Session;
use crate::cluster::kubeconfig::Target;
use crate::cluster::request;
use crate::cluster::write::Gate;
use crate::cluster::write::channel::{self, Channel};
use crate::cluster::write::plan::PATIENCE;
use crate::cluster::write::send::Door;
use crate::model::row::Uid;

/// A connection waits so long for a pod that does: a pod that is made anew is there after some seconds.
const WAITS: Duration = Duration::from_secs(10);
/// What finding out may take whether the server answers at all.
const PROOF: Duration = Duration::from_secs(3);

/// What every connection of a forward needs.
pub(super) struct Dialling {
    pub(super) gate: Gate,
    /// Where the context led to when the forward was opened.
    pub(super) server: Arc<Target>,
    pub(super) chosen: watch::Receiver<Choice>,
    /// Takes pods that could not be dialled while another one could.
    pub(super) doubt: mpsc::Sender<Uid>,
    pub(super) counters: Arc<Counters>,
}

/// Carries one connection to its end.
///
/// # Errors
/// No pod could be dialled, the pod refused it, or it broke: why. The client sees it reset, and takes nothing for whole that
/// is not.
pub(super) async fn connection(dialling: Arc<Dialling>, mut local: TcpStream) -> Result<(), String> {
    // Whoever types wants an answer to each key.
    let _ = local.set_nodelay(true);
    // Whatever ends it before its good end, that of the forward too, is no good end to the client.
    let _ = local.set_zero_linger();
    let ended = match dial(&dialling).await {
        Ok(channel) => carry::carry(&mut local, channel, &dialling.gate.link, &dialling.counters).await,
        Err(why) => Err(why),
    };
    if let Ok(End::Good) = ended {
        #[expect(deprecated, reason = "it takes lingering away, and makes nothing wait")]
        let _ = local.set_linger(None);
    }
    ended.map(drop)
}

/// Opens a way into the best pod that can be reached.
async fn dial(dialling: &Dialling) -> Result<Channel, String> {
    let candidates = wait(dialling).await?.candidates;
    let session = session(dialling).await?;
    let mut failed: Vec<Uid> = Vec::new();
    let mut why = String::new();
    for (pod, port) in candidates.iter() {
        let subresource = format!("/portforward?ports={port}");
        let door = Door { pod: pod.clone(), verb: VERB, subresource, protocols: channel::PORT_FORWARD };
        match dialling.gate.open(&session, &door).await {
            Ok(channel) => {
                for uid in failed {
                    // Where there is no room for more, enough is known.
                    let _ = dialling.doubt.try_send(uid);
                }
                return Ok(channel);
            }
            Err(refused) => {
                why = format!("pod {}: {refused}", pod.name);
                failed.push(pod.uid.clone());
            }
        }
        // A server that is away is away for every pod.
        if candidates.len() > 1 && request::version(&session.with_timeout(PROOF)).await.is_err() {
            break;
        }
    }
    Err(why)
}

/// Where to go, as soon as there is a pod that does.
async fn wait(dialling: &Dialling) -> Result<Choice, String> {
    let mut chosen = dialling.chosen.clone();
    let there = chosen.wait_for(|choice| !choice.candidates.is_empty());
    match tokio::time::timeout_at(Instant::now() + WAITS, there).await {
        Ok(Ok(choice)) => Ok(choice.clone()),
        Ok(Err(_)) => Err("the forward ended".into()),
        Err(_) => Err(format!("{}: waited {} s for a pod", dialling.chosen.borrow().why, WAITS.as_secs())),
    }
}

async fn session(dialling: &Dialling) -> Result<Session, String> {
    let mut link = dialling.gate.link.clone();
    let session = tokio::time::timeout(PATIENCE, link.session()).await.map_err(|_| "there is no connection to the cluster".to_owned())?;
    if elsewhere(&dialling.server, session.target()) {
        return Err(format!("context {} leads to another cluster or user now: end this forward and open it anew", dialling.gate.context));
    }
    Ok(session)
}
