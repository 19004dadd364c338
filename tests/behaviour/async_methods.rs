//! Methods, constructors and tasks that are `async fn`, with the feature `async`.

use std::time::Duration;

use shared_runtime::{CallError, ErrorKind, ServerProcess, Shared, call, shared, task};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::support::until;

#[derive(Debug)]
pub struct Page {
    text: String,
    changes: u32,
}

#[shared]
impl Page {
    /// Reads the page from a socket of the server's own executor.
    pub async fn fetched(text: &str) -> Result<Self, String> {
        let fetched = fetch(text).await.map_err(|error| error.to_string())?;
        Ok(Self {
            text: fetched,
            changes: 0,
        })
    }

    pub async fn append(&mut self, text: &str) -> u32 {
        let before = self.text.len();
        for letter in text.chars() {
            self.text.push(letter);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // Nobody was in here in between, although it waited.
        assert_eq!(self.text.len(), before + text.len());
        self.changes += 1;
        self.changes
    }

    pub async fn text(&self) -> &str {
        tokio::task::yield_now().await;
        &self.text
    }

    pub async fn caller(&self) -> u32 {
        tokio::time::sleep(Duration::from_millis(1)).await;
        call::current().pid()
    }

    pub async fn me(&self) -> Shared<Page> {
        tokio::task::yield_now().await;
        Shared::this::<Page>()
    }

    pub async fn parallel(&self) -> u32 {
        let tasks: Vec<_> = (1..=4).map(|n| tokio::spawn(async move { n })).collect();
        let mut sum = 0;
        for task in tasks {
            sum += task.await.unwrap();
        }
        sum
    }

    pub async fn fall(&mut self) {
        tokio::task::yield_now().await;
        panic!("after a while");
    }

    pub async fn forever(&self) {
        while !call::current().cancelled() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // Too late to answer in time.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn fetch(text: &str) -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let answer = text.to_owned();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        stream.write_all(answer.as_bytes()).await
    });
    let mut fetched = String::new();
    TcpStream::connect(address)
        .await?
        .read_to_string(&mut fetched)
        .await?;
    server.await.unwrap()?;
    Ok(fetched)
}

#[test]
fn async_methods_run_in_the_server() {
    let server = ServerProcess::start().unwrap();
    let page = Page::fetched_in(&server, "oak").unwrap();
    assert_eq!(page.text().unwrap(), "oak");
    assert_eq!(page.parallel().unwrap(), 10);
    assert_eq!(page.caller().unwrap(), std::process::id());
    assert_eq!(page.me().unwrap(), page);
}

#[test]
fn the_lock_is_held_across_awaits() {
    let server = ServerProcess::start().unwrap();
    let page = Page::fetched_in(&server, "").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| page.append("leaf").unwrap());
        }
    });
    assert_eq!(page.text().unwrap(), "leaf".repeat(8));
}

#[test]
fn async_methods_panic_and_end_like_others() {
    let server = ServerProcess::start().unwrap();
    let page = Page::fetched_in(&server, "").unwrap();
    let late = Shared::with_timeout(&page, Duration::from_millis(20)).forever();
    assert_eq!(late.map_err(|error| error.kind()), Err(ErrorKind::Timeout));
    until("it has noticed", || {
        server.inspect().unwrap().calls.is_empty()
    });
    let error = page.fall().unwrap_err();
    assert_eq!(error.panic().unwrap().message(), "after a while");
    assert_eq!(page.text().unwrap_err().kind(), ErrorKind::Poisoned);
}

/// An executor may not be entered from another: ours is beside it.
#[tokio::test]
async fn a_local_object_is_called_inside_of_an_executor() {
    let page = Shared::new(Page {
        text: "here".into(),
        changes: 0,
    });
    assert_eq!(page.append("!").unwrap(), 1);
    assert_eq!(page.text().unwrap(), "here!");
}

#[task]
async fn fetch_elsewhere(text: String) -> Result<String, String> {
    if text.is_empty() {
        return Err("nothing to fetch".into());
    }
    fetch(&text).await.map_err(|error| error.to_string())
}

#[test]
fn tasks_can_be_async() {
    let process = fetch_elsewhere::spawn("ash".into()).unwrap();
    assert_eq!(process.join().unwrap(), "ash");
    let failed = fetch_elsewhere::spawn(String::new()).unwrap().join();
    assert!(matches!(failed, Err(CallError::Method(text)) if text == "nothing to fetch"));
}
