//! What a worker of a pool does in its process: runs one job after the other until it is told to stop.

use std::collections::HashMap;
use std::sync::Arc;

use super::wire::Order;
use crate::client::wait_until_held;
use crate::error::{Error, ErrorKind};
use crate::handle::{Lease, arrivals};
use crate::interface::{Arguments, Returned};
use crate::message::Handles;
use crate::os::Deadline;
use crate::process::line::{Line, Outgoing};
use crate::process::run::reply;
use crate::transport::Broken;

/// Runs a task by its name; its panic is an error.
type Run = fn(&str, &mut Arguments<'_>) -> Returned;

/// Works for the owner at the other end of `control` until it is told to stop, or the owner is gone.
pub(in crate::process) fn work(control: &mut Line, run: Run) -> Result<(), Error> {
    let worked = work_off(control, run);
    // What jobs have sent without waiting for it.
    wait_until_held(Deadline::NEVER);
    match worked {
        // An owner that is gone has no more work.
        Ok(()) | Err(Broken::Closed) => Ok(()),
        Err(broken) => Err(lost(&broken)),
    }
}

fn work_off(control: &mut Line, run: Run) -> Result<(), Broken> {
    // The handles of results by the numbers of their jobs, until the owner has taken its own.
    let mut untaken: HashMap<u64, Vec<Arc<Lease>>> = HashMap::new();
    let mut jobs = 0;
    let mut stopping = false;
    while !(stopping && untaken.is_empty()) {
        let message = control.receive(Deadline::NEVER)?;
        let (order, message) = message.open().map_err(corrupt)?;
        match order {
            Order::Job { task, handles } => {
                let (reply, parcel) = reply(run_job(run, &task, &handles, message.body()));
                let mut answer = Outgoing::new(&reply, parcel.body).map_err(corrupt)?;
                answer.send(control, Deadline::NEVER)?;
                if !reply.handles.claims.is_empty() {
                    untaken.insert(jobs, parcel.leases);
                }
                jobs += 1;
            }
            Order::Taken(job) => drop(untaken.remove(&job)),
            Order::Stop => stopping = true,
        }
    }
    Ok(())
}

fn run_job(run: Run, task: &str, handles: &Handles, body: &[u8]) -> Returned {
    let leases = arrivals(&handles.claims, None, Deadline::NEVER);
    run(task, &mut Arguments::new(body, handles.nonce, leases))
}

fn corrupt(error: Error) -> Broken {
    Broken::Corrupt(error.to_string())
}

fn lost(broken: &Broken) -> Error {
    let text = format!("the owner of this worker is gone ({broken:?})");
    Error::new(ErrorKind::Disconnected, text)
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, Weak};

    use super::*;
    use crate::handle::Parcel;
    use crate::interface::Encoded;
    use crate::message::Reply;
    use crate::os::{Socket, own_pidfd};
    use crate::process::line::Message;

    /// The handles of the results so far.
    static RESULTS: Mutex<Vec<Weak<Lease>>> = Mutex::new(Vec::new());

    #[expect(clippy::unnecessary_wraps, reason = "as tasks are run")]
    fn returns_a_handle(_task: &str, _arguments: &mut Arguments<'_>) -> Returned {
        let lease = Lease::nowhere(Error::new(ErrorKind::Gone, "a test"));
        RESULTS.lock().unwrap().push(Arc::downgrade(&lease));
        Ok(Encoded(Box::new(Parcel {
            body: vec![0],
            nonce: 1,
            leases: vec![lease],
        })))
    }

    fn tell(control: &mut Line, order: &Order) {
        let mut order = Outgoing::new(order, Vec::new()).unwrap();
        order.send(control, Deadline::NEVER).unwrap();
    }

    fn run_one(control: &mut Line) {
        let (task, handles) = (String::new(), Handles::default());
        tell(control, &Order::Job { task, handles });
        let answer = control.receive(Deadline::NEVER);
        let (reply, _): (Reply, Message) = answer.unwrap().open().unwrap();
        assert_eq!(reply.handles.claims.len(), 1);
    }

    /// Which results are still held; a job in between shows that all orders have been read.
    fn held(control: &mut Line) -> Vec<bool> {
        run_one(control);
        let results = RESULTS.lock().unwrap();
        results.iter().map(|it| it.strong_count() > 0).collect()
    }

    #[test]
    fn each_result_is_held_until_its_own_handles_are_taken() {
        let (ours, theirs) = Socket::pair().unwrap();
        let [mut ours, mut theirs] =
            [ours, theirs].map(|socket| Line::over(socket, Arc::new(own_pidfd().unwrap())));
        let worker = std::thread::spawn(move || work(&mut theirs, returns_a_handle));
        run_one(&mut ours);
        assert_eq!(held(&mut ours), [true, true]);
        tell(&mut ours, &Order::Taken(1));
        assert_eq!(held(&mut ours), [true, false, true]);
        tell(&mut ours, &Order::Stop);
        tell(&mut ours, &Order::Taken(2));
        assert!(!worker.is_finished(), "the first has not been taken");
        tell(&mut ours, &Order::Taken(0));
        worker.join().unwrap().unwrap();
    }
}
