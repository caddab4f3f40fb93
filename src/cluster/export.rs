//! Objects into a file, as they can be made again ([`bare`]): read anew, all of them before anything is written.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use futures::StreamExt;
use serde_json::Value;

use super::connect::Session;
use super::error::ClusterError;
use super::request;
use crate::kinds::bare;
use crate::kinds::shown::is_secret;
use crate::model::reference::Reference;
use crate::model::row::Uid;

/// So many objects are read at once.
const AT_ONCE: usize = 8;

/// An object as it is now.
///
/// # Errors
/// It cannot be read, is gone, or another one has its name by now.
pub async fn read(session: &Session, object: &Reference) -> Result<Value, String> {
    let path = request::object(&object.kind, &object.namespace, &object.name);
    let found = request::get_json::<Value>(session, &path).await.map_err(|error| match error {
        ClusterError::NotFound(_) => format!("{} is gone", object.title()),
        error => format!("{}: {error}", object.title()),
    })?;
    let uid = found.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
    if Uid::new(uid) == object.uid { Ok(found) } else { Err(format!("{} is another one by now", object.title())) }
}

/// Writes objects into a new file, with `---` between them; gives the words that say so. A file with values of Secrets is for
/// its owner alone.
///
/// # Errors
/// One of them cannot be read, or the file is there already or cannot be written: then there is no file.
pub async fn export(session: &Session, objects: &[Reference], path: &Path) -> Result<String, String> {
    let each = |object: Reference, session: Session| async move {
        let found = read(&session, &object).await?;
        Ok(bare::text(&object.kind, &found))
    };
    let reading = futures::stream::iter(objects.to_vec()).map(|object| each(object, session.clone()));
    let texts: Vec<Result<String, String>> = reading.buffered(AT_ONCE).collect().await;
    let texts = texts.into_iter().collect::<Result<Vec<_>, _>>()?;
    let secret = objects.iter().any(|object| is_secret(&object.kind));
    let (shown, place, text) = (path.display().to_string(), path.to_owned(), texts.join("---\n"));
    let written = tokio::task::spawn_blocking(move || write(&place, &text, secret)).await;
    written.map_err(|error| error.to_string())?.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => format!("{shown} is there already: name another file"),
        _ => format!("{shown} cannot be written: {error}"),
    })?;
    let count = match objects {
        [one] => one.title(),
        several => format!("{} objects", several.len()),
    };
    let readable = if secret { ", with values of Secrets: only you can read it" } else { "" };
    Ok(format!("{count} in {shown}{readable}"))
}

/// A new file, and never one that is there.
fn write(path: &Path, text: &str, secret: bool) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if secret {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = secret;
    let mut file = options.open(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half of it is worse than nothing. What the disk says about that is no news any more.
        let _ = fs::remove_file(path);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_never_written_over_and_secrets_are_for_their_owner() {
        let folder = std::env::temp_dir().join(format!("kubetui-export-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.yaml");
        write(&path, "a: 1\n", true).unwrap();
        assert_eq!(write(&path, "b: 2\n", false).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "a: 1\n");
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);
        fs::remove_dir_all(&folder).unwrap();
    }
}
