//! The separate binary.
fn main() -> std::process::ExitCode {
    runtime::main::<renewal::Renewal>()
}
