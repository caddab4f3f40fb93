//! Temporary.
use super::connect::Session;
use super::error::ClusterError;
use super::link::LinkHandle;
use super::watch::Handle;
use crate::event::Event;
use crate::model::kind::Kind;
use crate::model::row::{Owner, Uid};
use std::sync::Arc;
use tokio::sync::mpsc;
/// t
pub fn describe(_n: u64, _k: Arc<Kind>, _ns: Arc<str>, _name: Arc<str>, _uid: Uid, _l: LinkHandle, _o: mpsc::Sender<Event>) -> Handle {
    Handle::spawn(async {})
}
/// t
pub async fn owner_of(_s: &Session, _k: &Kind, _ns: &str, _n: &str, _u: &Uid) -> Result<Option<Owner>, ClusterError> {
    Ok(None)
}
