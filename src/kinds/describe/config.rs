//! ConfigMaps, Secrets, ServiceAccounts.

use super::Context;
use super::json::Json;
use super::metadata::{labels_and_annotations, multiline, name_and_namespace};
use super::writer::{Writer, line};

pub(super) fn config_map(w: &mut Writer, cx: &Context<'_>) {
    name_and_namespace(w, cx.object);
    labels_and_annotations(w, cx.object);
    line!(w, 0, "\nData\n====");
    for (key, value) in cx.object.pairs("data") {
        line!(w, 0, "{key}:\n----");
        line!(w, 0, "{value}");
        w.line_end("");
    }
    line!(w, 0, "\nBinaryData\n====");
    for (key, value) in cx.object.pairs("binaryData") {
        line!(w, 0, "{key}: {} bytes", decoded_len(value));
    }
    w.line_end("");
}

/// Sizes, never values: not those of a service account's token either, which kubectl prints.
pub(super) fn secret(w: &mut Writer, cx: &Context<'_>) {
    name_and_namespace(w, cx.object);
    labels_and_annotations(w, cx.object);
    line!(w, 0, "\nType:\t{}", cx.object.text("type"));
    line!(w, 0, "\nData\n====");
    for (key, value) in cx.object.pairs("data") {
        line!(w, 0, "{key}:\t{} bytes", decoded_len(value));
    }
}

/// How many bytes base64 stands for.
fn decoded_len(base64: &str) -> usize {
    base64.trim_end_matches('=').len() * 3 / 4
}

pub(super) fn service_account(w: &mut Writer, cx: &Context<'_>) {
    name_and_namespace(w, cx.object);
    labels_and_annotations(w, cx.object);
    let secrets: Vec<_> = cx.object.list("imagePullSecrets").iter().map(|secret| secret.text("name")).collect();
    multiline(w, "", "Image pull secrets", &secrets);
}

#[cfg(test)]
mod tests {
    use super::decoded_len;

    #[test]
    fn base64_has_the_size_of_what_it_stands_for() {
        for (text, size) in [("", 0), ("YQ==", 1), ("YWI=", 2), ("YWJj", 3), ("YWJjZA==", 4)] {
            assert_eq!(decoded_len(text), size, "{text}");
        }
    }
}
