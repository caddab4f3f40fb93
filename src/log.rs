//! `--log-file`: what the program does, for whoever looks for a fault in it. Nothing is logged anywhere else.
//!
//! Requests are logged by path and status, errors by their words; no header, no body and no credential is.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, bail};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;

/// How much is logged: `error`, `warn`, `info`, `debug` or `trace`.
const LEVEL: &str = "KUBETUI_LOG";

/// Begins to log into a file, which only its owner may read where it is new, at the level that `KUBETUI_LOG` says (`info`
/// where it says none). To be called once.
///
/// # Errors
/// The file cannot be written, or the level is none.
pub fn start(path: &Path) -> anyhow::Result<()> {
    let level = level(std::env::var_os(LEVEL).map(|value| value.to_string_lossy().into_owned()).as_deref())?;
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).with_context(|| format!("the log file {} cannot be written", path.display()))?;
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(Mutex::new(file)).with_env_filter(filter(level)?);
    // The only way for it to fail is to be called twice.
    subscriber.try_init().map_err(|e| anyhow::anyhow!("logging has begun already: {e}"))?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "kubetui");
    Ok(())
}

/// Only what this program says: what its libraries say at lower levels can hold headers.
fn filter(level: LevelFilter) -> anyhow::Result<EnvFilter> {
    let own: Directive = format!("kubetui={level}").parse()?;
    Ok(EnvFilter::default().add_directive(LevelFilter::OFF.into()).add_directive(own))
}

fn level(value: Option<&str>) -> anyhow::Result<LevelFilter> {
    match value.map(str::trim).filter(|value| !value.is_empty()) {
        None => Ok(LevelFilter::INFO),
        // Levels have numbers too, which nobody means.
        Some(value) => match value.parse() {
            Ok(level) if value.parse::<u8>().is_err() => Ok(level),
            _ => bail!("{LEVEL}={value:?} is no level: write error, warn, info, debug or trace"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_words() {
        assert_eq!(level(None).ok(), Some(LevelFilter::INFO));
        assert_eq!(level(Some("")).ok(), Some(LevelFilter::INFO));
        assert_eq!(level(Some("Debug")).ok(), Some(LevelFilter::DEBUG));
        assert_eq!(level(Some("off")).ok(), Some(LevelFilter::OFF));
        for wrong in ["loud", "3", "kubetui=debug"] {
            assert!(level(Some(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn libraries_do_not_speak() {
        assert_eq!(filter(LevelFilter::TRACE).map(|filter| filter.to_string()).ok().as_deref(), Some("kubetui=trace,off"));
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let path = std::env::temp_dir().join(format!("kubetui-log-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        start(&path).expect("starts");
        tracing::info!("a word");
        let mode = std::fs::metadata(&path).expect("a file").permissions().mode();
        let text = std::fs::read_to_string(&path).expect("text");
        let again = start(&path);
        let _ = std::fs::remove_file(&path);
        assert_eq!(mode & 0o777, 0o600);
        assert!(text.contains("a word"), "{text}");
        assert!(again.is_err());
        assert!(start(Path::new("/nowhere/at/all")).is_err());
    }
}
