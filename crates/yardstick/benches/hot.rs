//! Wall time of the hot functions: `cargo bench -p yardstick`. Not part of `cargo test`.

use divan::{Bencher, counter::ItemsCount};

fn main() {
    divan::main();
}

#[divan::bench(args = yardstick::NAMES, sample_count = 20)]
fn hot(bencher: Bencher<'_, '_>, name: &str) {
    if let Some(mut case) = yardstick::case(name) {
        bencher.counter(ItemsCount::new(case.units)).bench_local(|| case.run());
    }
}
