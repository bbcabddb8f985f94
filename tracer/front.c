/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/front.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/inherited.h"
#include "base/limits.h"
#include "tracer/affinity.h"

#define HOLD_POLL_NS	 1000000
#define HOLD_POLLS	 200 /* a supervisor that is busy for longer is waited for no more */
#define BLIND_MS	 20 /* between looks for signals, where none wakes us up (signalfd is refused) */
#define LISTENER_POLL_NS 100000 /* between looks at the shared page, for the milliseconds that a start takes */
#define LISTENER_LOOKS	 2000 /* so many: then the start waits for others */
#define LISTENER_WAIT_NS 5000000

struct front {
	pid_t workload, supervisor;
	int control, signals;
	struct launch_shared *shared;
	bool apart; /* in a process group without the workload: no signal reaches both */
	pid_t job; /* the group that we were started in, and left to the workload */
	bool workload_gone, supervisor_gone, finished;
	bool ending; /* nothing is left to watch: the supervisor writes its last words and ends */
	bool supervisor_ended;
	int workload_status, supervisor_status, exit_code;
	int words; /* standard error, for the one thing that nobody else can say; -1 = nothing more is to be said */
};

/*
 * The front leaves the job's process group to the workload, so that what is sent to the group (by the terminal, by
 * the shell) is not also passed on. A group leader can only join a group that exists, so a child makes one. A session
 * leader must stay where it is.
 */
static bool move_apart(void)
{
	pid_t child;
	int release[2];
	bool done;
	char byte;

	if (getpgrp() != getpid())
		return setpgid(0, 0) == 0;
	if (getsid(0) == getpid() || pipe2(release, O_CLOEXEC) < 0)
		return false;
	child = fork();
	if (child == 0) {
		close(release[1]);
		(void)!read(release[0], &byte, 1);
		_exit(0);
	}
	close(release[0]);
	done = child > 0 && setpgid(child, child) == 0 && setpgid(0, child) == 0;
	close(release[1]);
	if (child > 0)
		waitpid(child, NULL, 0);
	return done;
}

static void default_and_raise(int signal)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t set;

	sigaction(signal, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, signal);
	kill(getpid(), signal);
	sigprocmask(SIG_UNBLOCK, &set, NULL); /* here it is taken */
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/*
 * Before the command begins the supervisor may wait for others, such as the reader of a FIFO: whoever ends us
 * then ends all of it. The supervisor goes with its parent (launch.c). In an ordinary start signals wait for
 * the command: it may be stopped for ptrace, and its supervisor does not look yet.
 */
static void end_before_start(const struct front *f)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	struct sigaction action;
	sigset_t pending;

	sigpending(&pending);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (!sigismember(&pending, ends[i]) || sigaction(ends[i], NULL, &action) < 0 ||
		    action.sa_handler == SIG_IGN)
			continue;
		kill(f->workload, SIGKILL);
		default_and_raise(ends[i]);
		_exit(128 + ends[i]); /* the first process of a container cannot kill itself */
	}
}

/* The status is fetched later, by the one place that does it (WNOWAIT). False where the place refuses the look. */
static bool has_ended(const struct front *f)
{
	siginfo_t info = { .si_pid = 0 };

	if (waitid(P_PID, (id_t)f->workload, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return errno == ECHILD;
	return info.si_pid != 0;
}

/* The workload shares our descriptor table until its exec, so its listener is ours to pass on. */
static void pass_listener(const struct front *f, struct launch_shared *shared)
{
	struct timespec pause = { 0, LISTENER_POLL_NS };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} buffer;
	int fd;
	struct iovec iov = { &fd, sizeof(fd) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	for (unsigned int looks = 0; (fd = atomic_load(&shared->listener)) == -1; looks++) {
		if (looks >= LISTENER_LOOKS) {
			pause.tv_nsec = LISTENER_WAIT_NS;
			end_before_start(f);
		}
		if (has_ended(f))
			break;
		nanosleep(&pause, NULL);
	}
	if (fd >= 0) {
		memset(&buffer, 0, sizeof(buffer));
		msg.msg_control = &buffer;
		msg.msg_controllen = sizeof(buffer);
		buffer.align.cmsg_level = SOL_SOCKET;
		buffer.align.cmsg_type = SCM_RIGHTS;
		buffer.align.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&buffer.align), &fd, sizeof(fd));
	}
	(void)!sendmsg(f->control, &msg, MSG_NOSIGNAL);
	if (fd >= 0)
		close(fd);
}

/*
 * The workload closes standard output, and a reader is to see that at once: the front may not have it,
 * either. Until the workload's exec both have one table, so the front takes a copy first: by close_range()
 * where a container's profile refuses unshare().
 */
static void let_go_of_descriptors(struct front *f)
{
	f->words = STDERR_FILENO;
	if (syscall(SYS_close_range, ~0U, ~0U, CLOSE_RANGE_UNSHARE) < 0 && unshare(CLONE_FILES) < 0)
		return;
	/* the supervisor has it, too, until its last words: so nobody waits longer for its end */
	f->words = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	inherited_close();
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		inherited_let_go(fd);
}

/* Between the workload's stop and ours it may go on, which only who traces it can tell us then. */
static void announce_stop(const struct front *f)
{
	const struct timespec pause = { 0, HOLD_POLL_NS };

	atomic_store(&f->shared->front_stops, true);
	if (kill(f->supervisor, SIGIO) < 0)
		return;
	for (int i = 0; i < HOLD_POLLS && atomic_load(&f->shared->front_stops); i++)
		nanosleep(&pause, NULL);
}

/*
 * How the command ended who does not trace it learns from its parent alone. Before it runs nobody is there to
 * take the signal.
 */
static void announce_end(const struct front *f)
{
	atomic_store(&f->shared->wait_status, f->workload_status);
	atomic_store(&f->shared->ended, true);
	if (atomic_load(&f->shared->listener) != -1 && !f->supervisor_ended)
		kill(f->supervisor, SIGIO);
}

/*
 * The supervisor sends SIGCONT when the workload goes on, or ends. What is left to wait for comes out of
 * reap() as ever. A workload that has left the job's group, as interactive shells do, does not hear who goes on
 * with the job: we do, in its place.
 */
static void stop_too(struct front *f, int signal)
{
	siginfo_t info = { .si_pid = 0 };
	bool left;

	announce_stop(f);
	if (waitid(P_PID, (id_t)f->workload, &info, WEXITED | WCONTINUED | WNOHANG | WNOWAIT) < 0 || info.si_pid != 0)
		return;
	left = f->apart && getpgid(f->workload) != f->job && setpgid(0, f->job) == 0;
	default_and_raise(signal);
	if (left)
		f->apart = move_apart();
}

static void reap(struct front *f)
{
	int status;
	pid_t pid;

	/* as the first process of a container we also get the orphans */
	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (pid == f->supervisor && !WIFSTOPPED(status)) {
			f->supervisor_gone = f->supervisor_ended = true;
			f->supervisor_status = status;
		} else if (pid == f->workload && WIFSTOPPED(status)) {
			stop_too(f, WSTOPSIG(status));
		} else if (pid == f->workload) {
			f->workload_gone = true;
			f->workload_status = status;
			announce_end(f);
		}
	}
}

/* Of a terminal that goes the kernel tells nobody but the leader of its session, with a signal that has it go on. */
static bool is_hangup(const struct front *f, int signal)
{
	return (signal == SIGHUP || signal == SIGCONT) && getsid(f->workload) == getpid();
}

static void pass_signal(const struct front *f, siginfo_t *info)
{
	if (info->si_signo == SIGCHLD || f->workload_gone)
		return;
	/* from the terminal or the kernel: the workload has its own */
	if (info->si_code > 0 && !is_hangup(f, info->si_signo))
		return;
	if (info->si_pid == f->supervisor && info->si_signo == SIGCONT)
		return;
	/* kill(0) and kill(-group) by a member reached the workload too */
	if (!f->apart && info->si_pid && getpgid(info->si_pid) == getpgrp())
		return;
	if (info->si_code == SI_QUEUE && syscall(SYS_rt_sigqueueinfo, f->workload, info->si_signo, info) == 0)
		return;
	kill(f->workload, info->si_signo);
}

static void pass_signals(const struct front *f, const sigset_t *all)
{
	const struct timespec at_once = { 0 };
	siginfo_t info;

	while (sigtimedwait(all, &info, &at_once) > 0)
		pass_signal(f, &info);
}

/* True when time is up: the workload is gone, and the supervisor has said its last words. */
static bool wait_on(const struct front *f, struct pollfd *word, int *left_ms)
{
	struct pollfd polled[] = { { f->signals, POLLIN, 0 }, *word };
	/* else it was killed while the supervisor prepares */
	bool begun = atomic_load(&f->shared->listener) != -1;
	bool last = f->workload_gone && (f->finished || f->supervisor_gone || !begun);
	int ms, r;

	if (last && !begun && *left_ms > FRONT_START_MS)
		*left_ms = FRONT_START_MS;
	ms = last ? *left_ms : -1;

	if (f->signals < 0 && (ms < 0 || ms > BLIND_MS))
		ms = BLIND_MS;
	r = poll(polled, ARRAY_SIZE(polled), ms);
	word->revents = polled[1].revents;
	if (r < 0)
		return errno != EINTR;
	if (r == 0 && last)
		*left_ms -= ms;
	return *left_ms <= 0;
}

static void be_silent(struct front *f)
{
	if (f->words > STDERR_FILENO)
		close(f->words);
	f->words = -1;
}

/*
 * Who is killed has no last words. They may wait for a reader, but the command's signals do not wait for
 * that: at the latest they are said at the end.
 */
static void tell_death(struct front *f)
{
	struct pollfd polled = { f->words, POLLOUT, 0 };
	int number = WTERMSIG(f->supervisor_status);
	const char *name = strsignal(number);
	char text[256];
	int n;

	if (f->words < 0 || !f->supervisor_ended || f->finished)
		return;
	if (WIFSIGNALED(f->supervisor_status)) {
		if (poll(&polled, 1, 0) != 1)
			return;
		n = snprintf(text, sizeof(text), "monitor: killed by signal %d (%s)%s\n", number, name ? name : "?",
			     atomic_load(&f->shared->kill_on_exit) ?
				     ", and the command with it" :
				     ": the command is no longer watched, and its calls that rules look at fail");
		(void)!write(f->words, text, (size_t)n);
	}
	be_silent(f);
}

static void read_control(struct front *f)
{
	struct launch_end end;
	ssize_t n = recv(f->control, &end, sizeof(end), MSG_DONTWAIT);

	/*
	 * who ended without reading all that it was sent resets the connection: Linux tells that once, before
	 * what it has said
	 */
	if (n < 0 && errno == ECONNRESET)
		n = recv(f->control, &end, sizeof(end), MSG_DONTWAIT);
	if (n == sizeof(end)) {
		f->finished = true;
		f->exit_code = end.exit_code;
		f->ending = end.alone;
		be_silent(f);
	} else if (n == 0) {
		f->supervisor_gone = true;
	}
}

/*
 * Ptrace kills whom it traces when the supervisor dies; where it is refused, the command at least must not go
 * on. If it is to, then wherever there are processors.
 */
static void look_at_supervisor(const struct front *f)
{
	uint64_t bound = f->supervisor_gone ? atomic_exchange(&f->shared->bound, 0) : 0;

	if (bound)
		affinity_release((pid_t)(uint32_t)bound, (unsigned int)(bound >> 32));
	if (f->supervisor_gone && !f->finished && !f->workload_gone && atomic_load(&f->shared->kill_on_exit))
		kill(f->workload, SIGKILL);
}

/*
 * Who has our status may read the alerts and start another monitor, so the supervisor's end is part of ours,
 * unless something of the workload lives on.
 */
static bool is_over(const struct front *f)
{
	return f->workload_gone && ((f->finished && !f->ending) || f->supervisor_ended);
}

static _Noreturn void end_like_workload(const struct front *f)
{
	if (f->finished && f->exit_code >= 0)
		_exit(f->exit_code);
	/* what nobody watched to its end is no success */
	if (!f->finished && f->workload_status == 0)
		_exit(EXIT_FAILURE);
	if (WIFEXITED(f->workload_status))
		_exit(WEXITSTATUS(f->workload_status));
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* one core is enough */
	default_and_raise(WTERMSIG(f->workload_status));
	_exit(128 + WTERMSIG(f->workload_status)); /* the first process of a container cannot kill itself */
}

_Noreturn void front_main(const struct front_family *family, struct launch_shared *shared)
{
	struct front f = { family->workload, family->supervisor, family->control, .shared = shared, .job = getpgrp() };
	int left_ms = FRONT_LAST_WORDS_MS;
	sigset_t all;

	sigfillset(&all);
	f.apart = move_apart();
	pass_listener(&f, shared);
	let_go_of_descriptors(&f);
	/* who was killed before its first word has no other end of it */
	close(family->go);
	f.signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	while (!is_over(&f)) {
		struct pollfd word = { f.supervisor_gone ? -1 : f.control, POLLIN, 0 };

		if (wait_on(&f, &word, &left_ms))
			break;
		pass_signals(&f, &all);
		reap(&f);
		/* what it said before it ended may have come behind poll() */
		if (word.revents || f.supervisor_ended)
			read_control(&f);
		look_at_supervisor(&f);
		tell_death(&f);
	}
	end_like_workload(&f);
}
