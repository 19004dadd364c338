//! The name of this process among others.

use std::sync::OnceLock;

use crate::os::process_label;

static NAME: OnceLock<String> = OnceLock::new();

/// The name its owner gave it, else that of its executable.
pub(crate) fn name() -> &'static str {
    NAME.get_or_init(|| {
        let executable = std::env::current_exe().ok();
        let file = executable.as_deref().and_then(std::path::Path::file_name);
        file.map_or_else(
            || "main".to_owned(),
            |file| file.to_string_lossy().into_owned(),
        )
    })
}

/// `name (pid 123)`.
pub(crate) fn label() -> &'static str {
    static LABEL: OnceLock<String> = OnceLock::new();
    LABEL.get_or_init(|| process_label(name(), std::process::id()))
}

/// Sets the name, once, before anybody asks; and shows the start of it to `ps` and `top`.
pub(crate) fn set_name(name: &str) {
    // A second name is refused: others may know the first.
    let _ = NAME.set(name.to_owned());
    // The main thread's name is the process's, whichever thread this is. It is for people; without it nothing fails.
    for comm in ["/proc/self/comm", "/proc/thread-self/comm"] {
        let _ = std::fs::write(comm, name.chars().take(15).collect::<String>());
    }
}
