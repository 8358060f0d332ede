//! The separate binary.
fn main() -> std::process::ExitCode {
    runtime::main::<advocacy::Advocacy>()
}
