use super::*;
use crate::api::Code;

#[test]
fn running_jobs_get_their_time() {
    let mut daemon = Running::start(BOUNDS);
    let client = daemon.client();
    let toil = thread::spawn(move || {
        client.run(&Toil { steps: 5, pause: 30, stubborn: false }, &mut User::default())
    });
    wait_until("the job runs", || daemon.jobs() == 1);
    daemon.client().call(&StopDaemon { timeout: 20 }).unwrap();
    assert_eq!(toil.join().unwrap().unwrap(), 5);
    daemon.join().unwrap();
    assert!(!daemon.options.socket.exists());
}

#[test]
fn a_job_that_takes_too_long_is_cancelled_at_a_safe_point() {
    let mut daemon = Running::start(BOUNDS);
    let client = daemon.client();
    let toil = thread::spawn(move || {
        client.run(&Toil { steps: 1000, pause: 20, stubborn: false }, &mut User::default())
    });
    wait_until("the job runs", || daemon.jobs() == 1);
    daemon.client().call(&StopDaemon { timeout: 1 }).unwrap();
    assert_eq!(toil.join().unwrap().unwrap_err().code, Code::ShuttingDown);
    daemon.join().unwrap();
}

#[test]
fn a_job_without_a_safe_point_does_not_hold_the_daemon_for_ever() {
    let mut daemon = Running::start(BOUNDS);
    let client = daemon.client();
    let toil = thread::spawn(move || {
        client.run(&Toil { steps: 1, pause: 60_000, stubborn: true }, &mut User::default())
    });
    wait_until("the job runs", || daemon.jobs() == 1);
    daemon.client().call(&StopDaemon { timeout: 1 }).unwrap();
    assert_eq!(toil.join().unwrap().unwrap_err().code, Code::ShuttingDown);
    daemon.join().unwrap();
}

#[test]
fn while_it_stops_it_takes_no_work() {
    let mut daemon = Running::start(BOUNDS);
    let client = daemon.client();
    let toil = thread::spawn(move || {
        client.run(&Toil { steps: 1, pause: 500, stubborn: true }, &mut User::default())
    });
    wait_until("the job runs", || daemon.jobs() == 1);
    let client = daemon.client();
    let stop = thread::spawn(move || client.call(&StopDaemon { timeout: 20 }));
    wait_until("work is refused", || {
        let refused = daemon.client().call(&Shout { events: 0, bytes: 0 });
        refused.is_err_and(|error| error.code == Code::ShuttingDown)
    });
    assert_eq!(daemon.jobs(), 1, "its status can still be asked for");
    stop.join().unwrap().unwrap();
    toil.join().unwrap().unwrap();
    daemon.join().unwrap();
}

#[test]
fn at_logout_the_socket_goes_and_the_daemon_with_it() {
    let mut daemon = Running::start(BOUNDS);
    std::fs::remove_file(&daemon.options.socket).unwrap();
    daemon.join().unwrap();
}

#[test]
fn a_socket_of_somebody_else_in_its_place_stays() {
    let mut daemon = Running::start(BOUNDS);
    std::fs::remove_file(&daemon.options.socket).unwrap();
    let _other = std::os::unix::net::UnixListener::bind(&daemon.options.socket).unwrap();
    daemon.join().unwrap();
    assert!(daemon.options.socket.exists());
}
