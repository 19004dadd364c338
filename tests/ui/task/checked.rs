struct Order;

#[shared_runtime::task]
fn place(order: Order) {
    let _ = order;
}

fn main() {}
