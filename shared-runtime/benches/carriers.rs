//! What a frame costs over each carrier, between two threads of this process: `cargo bench -p shared-runtime --bench carriers`.
//!
//! Below 48 bytes a frame travels in the slot of a ring, above in pieces. Nothing is pinned. No figure is asserted.

use shared_runtime::__private::round_trip;
use shared_runtime::Transport;

const SIZES: [(usize, u32); 6] = [
    (20, 200_000),
    (48, 200_000),
    (100, 200_000),
    (4 << 10, 50_000),
    (64 << 10, 10_000),
    (1 << 20, 500),
];

fn main() -> std::io::Result<()> {
    for (transport, share) in [(Transport::Ring, 1), (Transport::Channel, 10)] {
        for (size, times) in SIZES {
            let took = round_trip(transport, size, times / share)?;
            println!("{transport:?}: {size:>8} bytes there and back {took:>12.1?}");
        }
    }
    Ok(())
}
