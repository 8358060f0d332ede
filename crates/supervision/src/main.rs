//! The supervisor as a process of its own.
fn main() -> std::process::ExitCode {
    supervision::process::main()
}
