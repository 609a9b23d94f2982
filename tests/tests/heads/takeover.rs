//! Work of another host: named, and gone on with only if the user says so.

use insta::assert_snapshot;

use super::*;

const TAKE: [&str; 3] = ["--resume", "--from", "desk"];

impl Machines {
    /// The state file of the desk, and its sidecar.
    fn pair_of_desk(&self) -> [String; 2] {
        let names = self.names().into_iter().filter(|name| name.contains(".session-desk"));
        names.collect::<Vec<_>>().try_into().unwrap()
    }

    fn of_laptop(&self) -> usize {
        self.names().iter().filter(|name| name.contains(".session-laptop")).count()
    }

    /// The desk was last heard of a day ago.
    fn desk_falls_silent(&self) {
        let [_, info] = self.pair_of_desk();
        let text = String::from_utf8(self.file(&info)).unwrap();
        let lines = text.lines().map(|line| match line.split_once(": ") {
            Some(("last_heartbeat", time)) => {
                let line = ["-u", "-d", &format!("{time} - 1 day"), "+%Y-%m-%dT%H:%M:%SZ"];
                format!("last_heartbeat: {}", self.laptop.tool("date", &line).ok().stdout)
            }
            _ => format!("{line}\n"),
        });
        self.put(&info, lines.collect::<String>().as_bytes());
    }
}

#[test]
fn work_that_seems_to_go_on_elsewhere_is_taken_over_only_after_asking() {
    let machines = Machines::new();
    let (laptop, desk) = (&machines.laptop, &machines.desk);
    open(desk, &[]).ok();
    add(desk, &identity("theirs")).ok();
    assert!(look(laptop).contains("note: desk is working on this vault right now"));
    let [state, _] = machines.pair_of_desk();
    let before = (machines.names(), machines.file(&state));
    assert_snapshot!("vault_open__take_over", open(laptop, &TAKE).fails(6).shown());
    let line = [&["vault", "open", "--no-shell"][..], &TAKE].concat();
    let mut terminal = laptop.terminal(&line);
    terminal.expect("Go on with it here?");
    terminal.enter("n");
    assert_eq!(terminal.end().0, Some(8));
    assert_eq!((machines.names(), machines.file(&state)), before, "nothing was touched");

    open(laptop, &[&TAKE[..], &["--yes"]].concat()).ok();
    assert!(has(laptop, "theirs"));
    assert_eq!(machines.of_laptop(), 2, "it is on the disk under our name at once");
    laptop.kill_daemon();
    open(laptop, &["--resume"]).ok();
    seal(laptop, &["-m", "taken-over"]);
    assert_eq!(machines.of_laptop(), 0);
    assert_eq!(machines.file(&state), before.1, "another host's work is never touched");
    assert!(has(desk, "theirs"), "and it can go on");
}

#[test]
fn work_that_another_host_has_left_is_offered_and_never_taken_away() {
    let machines = Machines::new();
    let (laptop, desk) = (&machines.laptop, &machines.desk);
    open(desk, &[]).ok();
    add(desk, &identity("theirs")).ok();
    desk.kill_daemon();
    machines.desk_falls_silent();
    assert!(look(laptop).contains("note: desk has unfinished work on this vault, last heard of"));
    let status = laptop.gpgsmith(&["vault", "status", "--json"]).ok().json();
    let [work] = status["unfinished"].as_array().unwrap().as_slice() else { panic!("{status}") };
    assert_eq!((&work["hostname"], &work["live"]), (&"desk".into(), &false.into()));
    let nobody = open(laptop, &["--resume", "--from", "nobody"]).fails(2);
    assert_snapshot!("vault_open__from_nobody", nobody.shown());

    // Our own unfinished work does not make way for it.
    open(laptop, &[]).ok();
    add(laptop, &identity("ours")).ok();
    laptop.kill_daemon();
    let names = machines.names();
    open(laptop, &TAKE).fails(6);
    assert_eq!(machines.names(), names);
    open(laptop, &["--resume"]).ok();
    discard(laptop);

    let pair = machines.pair_of_desk().map(|name| machines.file(&name));
    open(laptop, &TAKE).ok(); // nobody is there to be asked about
    assert!(has(laptop, "theirs") && !has(laptop, "ours"));
    seal(laptop, &["-m", "taken-over"]);
    assert_eq!(machines.pair_of_desk().map(|name| machines.file(&name)), pair);
    open(desk, &[]).fails(6); // its work is offered to it still
    open(desk, &["--resume"]).ok();
    assert!(has(desk, "theirs"));
}
