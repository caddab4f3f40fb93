//! Reading: one object, lists in pages.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream;
use http::StatusCode;

use super::choose::Choice;
use super::form::Form;
use super::route::Route;
use crate::demo::http::{Answer, Body, Request};
use crate::demo::refusal::Refusal;
use crate::demo::resources::Resource;
use crate::demo::store::Object;
use crate::demo::world::World;
use crate::kinds::ListMeta;

/// Bytes of a list that are written before the client has to read them.
const PIECE: usize = 64 * 1024;

/// An answer of JSON, or of another type.
pub fn whole(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    Answer { status, content_type, headers: Vec::new(), body: Body::Whole(body.into()) }
}

/// What a list is made of: the objects, and what is said of them.
pub struct Listed {
    /// In order.
    pub objects: Vec<Arc<Object>>,
    /// Version, continue token, how many remain.
    pub meta: ListMeta,
}

/// Chooses the objects of a list.
///
/// # Errors
/// A selector, version or token that cannot be.
pub fn list(world: &World, request: &Request, choice: &Choice) -> Result<Listed, Refusal> {
    let limit = number(request, "limit")?.filter(|&n| n > 0);
    let token = request.parameter("continue").filter(|t| !t.is_empty());
    let version = wanted_version(request, world)?;
    let matching = request.parameter("resourceVersionMatch").unwrap_or("");
    if token.is_some() && version.is_some_and(|v| v > 0) {
        return Err(Refusal::bad_request("specifying resource version is not allowed when using continue"));
    }
    if !matching.is_empty() && request.parameter("resourceVersion").is_none_or(str::is_empty) {
        return Err(Refusal::bad_request("resourceVersionMatch is forbidden unless resourceVersion is provided"));
    }
    if matching == "Exact" && version.is_some_and(|v| v < world.store.version()) {
        return Err(Refusal::expired(version.unwrap_or(0), world.store.version()));
    }
    let start = token.map(Token::read).transpose()?;
    let at = match &start {
        Some(token) if world.store.since(&choice.key, token.version).is_err() => {
            let why = "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";
            return Err(Refusal::new(410, "Expired", why));
        }
        Some(token) => token.version,
        None => world.store.version(),
    };
    let after = start.as_ref().map(|t| (t.namespace.as_str(), t.name.as_str()));
    let all = world.store.list_after(&choice.key, choice.namespace.as_deref(), after);
    let mut objects: Vec<Arc<Object>> = match (choice.only_name(), choice.only_node()) {
        (Some(name), _) if choice.namespace.is_some() || !names_are_in_namespaces(world, &choice.key) => world
            .store
            .get(&choice.key, choice.namespace.as_deref().unwrap_or(""), name)
            .filter(|o| choice.has(o))
            .cloned()
            .into_iter()
            .collect(),
        (_, Some(node)) if after.is_none() => world.store.on_node(node).filter(|o| choice.has(o)).cloned().collect(),
        _ => {
            let chosen = all.filter(|object| choice.has(object)).cloned();
            match limit {
                // One more than asked, to know whether there are more.
                Some(limit) => chosen.take(limit as usize + 1).collect(),
                None => chosen.collect(),
            }
        }
    };
    let mut meta = ListMeta { resource_version: at.to_string(), ..ListMeta::default() };
    if let Some(limit) = limit
        && objects.len() > limit as usize
    {
        objects.truncate(limit as usize);
        if let Some(last) = objects.last() {
            meta.proceed = Token { version: at, namespace: last.namespace.to_string(), name: last.name.to_string() }.write();
            if !choice.is_narrow() {
                let remaining =
                    world.store.list_after(&choice.key, choice.namespace.as_deref(), Some((&last.namespace, &last.name))).count();
                meta.remaining_item_count = Some(remaining as i64);
            }
        }
    }
    Ok(Listed { objects, meta })
}

fn names_are_in_namespaces(world: &World, key: &str) -> bool {
    world.store.list(key, None).next().is_some_and(|object| !object.namespace.is_empty())
}

fn number(request: &Request, name: &str) -> Result<Option<u64>, Refusal> {
    let Some(text) = request.parameter(name).filter(|t| !t.is_empty()) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| Refusal::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax")))
}

/// `?resourceVersion=`; `None` for the newest. A version that is not yet is answered as the watch cache answers it.
///
/// # Errors
/// It is no number, or from the future.
pub fn wanted_version(request: &Request, world: &World) -> Result<Option<u64>, Refusal> {
    let Some(text) = request.parameter("resourceVersion").filter(|t| !t.is_empty()) else { return Ok(None) };
    let version: u64 = text.parse().map_err(|_| {
        Refusal::bad_request(format!("resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"))
    })?;
    let now = world.store.version();
    if version > now {
        return Err(Refusal::new(504, "Timeout", format!("Too large resource version: {version}, current: {now}")));
    }
    Ok(Some(version))
}

/// Where a list goes on: version, namespace and name, none of whose first two has a dot. What it looks like is nobody's
/// business but this one's.
struct Token {
    version: u64,
    namespace: String,
    name: String,
}

impl Token {
    fn read(text: &str) -> Result<Token, Refusal> {
        let parts: Vec<&str> = text.splitn(3, '.').collect();
        match parts[..] {
            [version, namespace, name] if version.parse::<u64>().is_ok() => {
                Ok(Token { version: version.parse().unwrap_or(0), namespace: namespace.into(), name: name.into() })
            }
            _ => Err(Refusal::bad_request("continue key is not valid")),
        }
    }

    fn write(&self) -> String {
        format!("{}.{}.{}", self.version, self.namespace, self.name)
    }
}

/// Answers with a list: at once where it is short, in pieces as the client reads where it is long.
pub fn answer(listed: Listed, form: Form, route: &Route, now: i64) -> Answer {
    let resource = route.resource.clone();
    let content_type = form.content_type(false);
    if form.is_protobuf() {
        return whole(StatusCode::OK, content_type, form.protobuf_list(&resource, &listed.meta, listed.objects.iter().map(|o| &o.tree)));
    }
    let mut pieces = Pieces { form, resource, listed, at: 0, now };
    let first = pieces.next().unwrap_or_default();
    if pieces.at >= pieces.listed.objects.len() {
        let end = pieces.form.list_end();
        return whole(StatusCode::OK, content_type, [&first[..], end].concat());
    }
    let rest = stream::unfold(Some(pieces), |state| async move {
        let mut pieces = state?;
        match pieces.next() {
            Some(piece) => Some((piece, Some(pieces))),
            None => Some((Bytes::from_static(pieces.form.list_end()), None)),
        }
    });
    let all = futures::StreamExt::chain(stream::iter([first]), rest);
    Answer { status: StatusCode::OK, content_type, headers: Vec::new(), body: Body::Pieces(Box::pin(all)) }
}

struct Pieces {
    form: Form,
    resource: Arc<Resource>,
    listed: Listed,
    at: usize,
    now: i64,
}

impl Pieces {
    /// The next piece; `None` after the last item.
    fn next(&mut self) -> Option<Bytes> {
        let mut out =
            if self.at == 0 { self.form.list_start(&self.resource, &self.listed.meta) } else { Vec::with_capacity(PIECE + PIECE / 4) };
        if self.at >= self.listed.objects.len() {
            return (self.at == 0 && !out.is_empty()).then(|| out.into());
        }
        while out.len() < PIECE
            && let Some(object) = self.listed.objects.get(self.at)
        {
            self.form.list_item(&mut out, &self.resource, &object.tree, self.at == 0, self.now);
            self.at += 1;
        }
        Some(out.into())
    }
}
