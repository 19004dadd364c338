//! Draws the Mandelbrot set with several processes, which fill one array in shared memory, and writes it as a PNG.
//!
//! `cargo run --release --example mandelbrot [FILE]`: without one, `mandelbrot.png` in the folder for temporary files.
#![forbid(unsafe_code)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "pixels are few, and colours small"
)]

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Instant;

use shared_runtime::memory::SharedArray;
use shared_runtime::{Error, task};

const WORKERS: usize = 4;
const SHAPE: [usize; 2] = [600, 900];

/// Where the picture is, and how high it is: a spiral in the valley of the sea horses.
const CENTRE: (f64, f64) = (-0.748, 0.1);
const HEIGHT: f64 = 0.001_4;
const STEPS: u32 = 1500;

/// Points that never leave: the set itself.
const INSIDE: f32 = -1.0;

/// Takes rows until none is left. The picture and the counter are the same memory in every process.
#[task]
fn draw(picture: SharedArray<f32>, counter: SharedArray<u64>) -> Result<usize, Error> {
    let [height, width] = SHAPE;
    let next = counter.memory().atomic_u64(0)?;
    let mut rows = 0;
    loop {
        let row = next.fetch_add(1, Ordering::Relaxed) as usize;
        if row >= height {
            return Ok(rows);
        }
        let pixels: Vec<f32> = (0..width).map(|column| escape(row, column)).collect();
        picture.write_from(row * width, &pixels)?;
        rows += 1;
    }
}

/// After how many steps the point leaves, with a fraction, so that the colours have no edges.
fn escape(row: usize, column: usize) -> f32 {
    let pixel = HEIGHT / SHAPE[0] as f64;
    let a = CENTRE.0 + (column as f64 - SHAPE[1] as f64 / 2.0) * pixel;
    let b = CENTRE.1 - (row as f64 - SHAPE[0] as f64 / 2.0) * pixel;
    let (mut x, mut y) = (0.0_f64, 0.0_f64);
    for step in 0..STEPS {
        let (xx, yy) = (x * x, y * y);
        if xx + yy > 1e6 {
            let beyond = ((xx + yy).ln() / 2.0).log2();
            return (f64::from(step) + 1.0 - beyond) as f32;
        }
        (x, y) = (xx - yy + a, 2.0 * x * y + b);
    }
    INSIDE
}

/// Night, sea, foam, sand and embers, and round again.
const COLOURS: [[f32; 3]; 6] = [
    [6.0, 10.0, 48.0],
    [18.0, 72.0, 140.0],
    [120.0, 200.0, 224.0],
    [252.0, 246.0, 222.0],
    [246.0, 170.0, 40.0],
    [96.0, 20.0, 36.0],
];

fn colour(steps: f32) -> [u8; 3] {
    if steps == INSIDE {
        return [0; 3];
    }
    let place = ((steps + 1.0).log2() * 2.2 - 8.0).max(0.0);
    let first = place as usize;
    let [from, to] = [first, first + 1].map(|at| COLOURS[at % COLOURS.len()]);
    std::array::from_fn(|n| (from[n] + (to[n] - from[n]) * place.fract()) as u8)
}

fn save(picture: &SharedArray<f32>, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let [height, width] = SHAPE.map(|length| length as u32);
    let mut encoder = png::Encoder::new(std::fs::File::create(path)?, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let pixels: Vec<u8> = picture
        .read()?
        .iter()
        .flat_map(|steps| colour(*steps))
        .collect();
    Ok(encoder.write_header()?.write_image_data(&pixels)?)
}

#[shared_runtime::main]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let named = std::env::args_os().nth(1).map(PathBuf::from);
    let path = named.unwrap_or_else(|| std::env::temp_dir().join("mandelbrot.png"));
    let picture = SharedArray::<f32>::create(SHAPE)?;
    let counter = SharedArray::<u64>::create(1)?;
    let begin = Instant::now();
    let workers: Vec<_> = (0..WORKERS)
        .map(|_| draw::spawn(picture.clone(), counter.clone()))
        .collect::<Result<_, _>>()?;
    for worker in workers {
        let pid = worker.pid();
        println!("process {pid} drew {} rows", worker.join()?);
    }
    let [height, width] = SHAPE;
    println!("{width} × {height} points in {:.1?}", begin.elapsed());
    save(&picture, &path)?;
    println!("{}", path.display());
    Ok(())
}
