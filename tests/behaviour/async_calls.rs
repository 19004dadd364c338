//! Calls that are started and fetched later, and calls that are awaited, on any executor.

use shared_runtime::{ServerProcess, Shared};

use super::calls::{Counter, Meeting};

fn on_one_thread<F: Future>(future: F) -> F::Output {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().build().unwrap().block_on(future)
}

#[test]
fn a_call_is_awaited_on_any_executor() {
    let server = ServerProcess::start().unwrap();
    for counter in [
        Counter::new_in(&server).unwrap(),
        Shared::new(Counter::new()),
    ] {
        let add = async |n| Shared::calls(&counter).add(n).await;
        assert_eq!(pollster::block_on(add(2)), Ok(2));
        assert_eq!(on_one_thread(add(3)), Ok(5));
        assert_eq!(Shared::calls(&counter).add(4).start().wait(), Ok(9));
        assert_eq!(
            pollster::block_on(Shared::calls(&counter).add(1).start()),
            Ok(10)
        );
    }
}

#[test]
fn fifty_awaited_calls_are_inside_one_method_at_once() {
    let server = ServerProcess::start().unwrap();
    for meeting in [
        Meeting::new_in(&server, 50).unwrap(),
        Shared::new(Meeting::new(50)),
    ] {
        let all = on_one_thread(async {
            let attending: Vec<_> = (0..50)
                .map(|_| tokio::task::spawn(Shared::calls(&meeting).attend().into_future()))
                .collect::<Vec<_>>();
            let mut all = Vec::new();
            for attendance in attending {
                all.push(attendance.await.unwrap().unwrap());
            }
            all
        });
        assert_eq!(all, [50; 50]);
    }
}
