//! File systems of a scenario's own: of a fixed size in memory, or in a file that is copied as a disk is after a power cut.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::Broken;

/// A mounted file system; gone when it is dropped.
#[derive(Debug)]
pub struct Mounted {
    at: PathBuf,
}

impl Mounted {
    /// A file system in memory with so many mebibytes.
    ///
    /// # Errors
    /// This process may not mount.
    pub fn in_memory(at: &Path, mebibytes: u32) -> Result<Self, Broken> {
        create(at)?;
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m"), "tmpfs"]).arg(at))?;
        Ok(Self { at: at.to_owned() })
    }

    /// An ext4 file system of so many mebibytes in a fresh file `image`.
    ///
    /// # Errors
    /// There is no `mkfs.ext4`, or this process may not mount.
    pub fn on_image(image: &Path, mebibytes: u32, at: &Path) -> Result<Self, Broken> {
        run(Command::new("truncate").args(["-s", &format!("{mebibytes}M")]).arg(image))?;
        run(Command::new("mkfs.ext4").arg("-q").arg("-F").arg(image))?;
        Self::of_image(image, at)
    }

    /// The file system in a file, its journal replayed as after a power cut.
    ///
    /// # Errors
    /// It cannot be mounted.
    pub fn of_image(image: &Path, at: &Path) -> Result<Self, Broken> {
        create(at)?;
        run(Command::new("mount").args(["-o", "loop"]).arg(image).arg(at))?;
        Ok(Self { at: at.to_owned() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.at
    }

    /// Puts everything on the disk that was written so far.
    ///
    /// # Errors
    /// There is no `sync`.
    pub fn sync(&self) -> Result<(), Broken> {
        run(Command::new("sync").arg("--file-system").arg(&self.at))
    }

    /// Fills it to the last byte.
    ///
    /// # Errors
    /// The filling cannot be begun.
    pub fn fill(&self) -> Result<Filling, Broken> {
        let path = self.at.join("filling");
        let file = fs::File::create(&path).map_err(Broken::path("create", &path))?;
        drop(file);
        // It ends with an error, because the disk is full.
        let mut command = Command::new("dd");
        command.args(["if=/dev/zero", "bs=4096"]).arg(format!("of={}", path.display()));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().map_err(Broken::io("run dd"))?;
        Ok(Filling { path })
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Lazily: a process that is about to end may still hold a file.
        run(Command::new("umount").arg("-l").arg(&self.at)).ok();
    }
}

/// What fills a disk; the disk has room again when it is dropped.
#[derive(Debug)]
pub struct Filling {
    path: PathBuf,
}

impl Drop for Filling {
    fn drop(&mut self) {
        fs::remove_file(&self.path).ok();
    }
}

/// Copies a file with its holes.
///
/// # Errors
/// It cannot be copied.
pub fn copy_image(from: &Path, to: &Path) -> Result<(), Broken> {
    run(Command::new("cp").arg("--sparse=always").arg(from).arg(to))
}

fn create(at: &Path) -> Result<(), Broken> {
    fs::create_dir_all(at).map_err(Broken::path("create", at))
}

fn run(command: &mut Command) -> Result<(), Broken> {
    let action = format!("run {command:?}");
    let output = match command.stdin(Stdio::null()).output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let what = command.get_program().to_string_lossy().into_owned();
            let cure = "install it (Debian: apt install mount e2fsprogs)".into();
            return Err(Broken::Missing { what, cure });
        }
        output => output.map_err(Broken::io(action.clone()))?,
    };
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Broken::Io { action, source: std::io::Error::other(text) })
}
