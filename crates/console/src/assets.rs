//! What the pages load besides themselves: one style sheet, our script, and the script library. All embedded.
//!
//! Addresses carry a version (the hash of the content), so that a browser may keep a file for ever.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::Embed;
use sha2::{Digest, Sha256};

/// Ours.
#[derive(Embed)]
#[folder = "assets/"]
struct Own;

/// The script library, put there by the build script.
#[derive(Embed)]
#[folder = "$OUT_DIR/assets"]
struct Library;

/// Hash over all embedded files: part of every address.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    let files = Own::iter().filter_map(|name| Own::get(&name)).chain(Library::iter().filter_map(|n| Library::get(&n)));
    files.for_each(|file| hash.update(&file.data));
    data_encoding::HEXLOWER.encode(hash.finalize().get(..6).unwrap_or_default())
});

/// The address of an embedded file.
pub(crate) fn address(name: &str) -> String {
    format!("/assets/{}/{name}", *VERSION)
}

/// Serves an embedded file. Any version answers: an older page gets the style of today rather than none.
pub(crate) async fn serve(Path((_version, name)): Path<(String, String)>) -> Response {
    let Some(file) = Own::get(&name).or_else(|| Library::get(&name)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, file.data.into_owned()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_scripts_and_icon_are_embedded() {
        for name in ["console.css", "console.js", "icon.svg"] {
            assert!(Own::get(name).is_some(), "{name}");
        }
        let library = Library::get("htmx.js").unwrap().data;
        let text = std::str::from_utf8(&library).unwrap();
        assert!(text.contains("hx-boost") && text.contains("sse:connect"), "library and extension in one file");
        assert!(address("console.css").starts_with("/assets/"));
    }
}
