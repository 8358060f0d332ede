//! Installs the script library that `web/package-lock.json` pins and puts it where it is embedded.
//!
//! Nothing of a third party is committed and nothing is fetched at run time. `CONSOLE_NODE_MODULES` names a folder
//! that already holds the packages, for builds without npm or network.

use std::{
    env, fmt, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// What is embedded as one file: the library looks at the page as soon as it is there, and an extension that comes in a
/// file of its own may be too late for that.
const FILES: &[&str] = &["htmx.org/dist/htmx.min.js", "htmx.org/dist/ext/hx-sse.min.js"];

/// A build that cannot go on, with the cure. Its debug form is what cargo prints.
struct Stop(String);

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn main() -> Result<(), Stop> {
    let web = folder("CARGO_MANIFEST_DIR")?.join("web");
    let out = folder("OUT_DIR")?;
    for name in ["package.json", "package-lock.json"] {
        println!("cargo:rerun-if-changed={}", web.join(name).display());
    }
    println!("cargo:rerun-if-env-changed=CONSOLE_NODE_MODULES");
    let modules = match env::var_os("CONSOLE_NODE_MODULES") {
        Some(given) => PathBuf::from(given),
        None => install(&web, &out)?,
    };
    let assets = out.join("assets");
    fs::create_dir_all(&assets).map_err(|e| cannot("create", &assets, &e))?;
    let mut library = Vec::new();
    for name in FILES {
        let from = modules.join(name);
        library.extend(fs::read(&from).map_err(|e| cannot("read", &from, &e))?);
        library.extend_from_slice(b"\n;\n");
    }
    let to = assets.join("htmx.js");
    fs::write(&to, library).map_err(|e| cannot("write", &to, &e))
}

/// Runs `npm ci` in a folder of this build alone, so that two builds at once do not share one.
fn install(web: &Path, out: &Path) -> Result<PathBuf, Stop> {
    let dir = out.join("npm");
    fs::create_dir_all(&dir).map_err(|e| cannot("create", &dir, &e))?;
    for name in ["package.json", "package-lock.json"] {
        let from = web.join(name);
        fs::copy(&from, dir.join(name)).map_err(|e| cannot("copy", &from, &e))?;
    }
    let args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev"];
    let ran = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" }).args(args).current_dir(&dir).output();
    let cure = "install Node 20 with npm, or set CONSOLE_NODE_MODULES to a node_modules folder with htmx.org";
    match ran {
        Ok(done) if done.status.success() => Ok(dir.join("node_modules")),
        Ok(done) => Err(Stop(format!(
            "`npm ci` failed in {}: {}\n{cure}",
            dir.display(),
            String::from_utf8_lossy(&done.stderr).trim()
        ))),
        Err(e) => Err(Stop(format!("`npm` does not start ({e}): {cure}"))),
    }
}

fn folder(name: &str) -> Result<PathBuf, Stop> {
    env::var_os(name).map(PathBuf::from).ok_or_else(|| Stop(format!("cargo did not set {name}")))
}

fn cannot(act: &str, path: &Path, e: &io::Error) -> Stop {
    Stop(format!("cannot {act} {}: {e}", path.display()))
}
