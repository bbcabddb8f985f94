/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aim WAY SECRET: signals, limits and the like at the monitor that it runs under; then it prints what the
 * file SECRET holds, which the monitor must still see. Exit status: 0, or 1 when something was let through
 * (named on standard error) or failed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int show(int fd)
{
	char buffer[512];
	ssize_t n = fd < 0 ? -1 : read(fd, buffer, sizeof(buffer));

	if (n < 0 || write(1, buffer, (size_t)n) != n)
		return -1;
	return close(fd);
}

static int is_monitor(pid_t pid)
{
	char name[64], text[32] = "";
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/comm", pid);
	f = fopen(name, "re");
	if (!f)
		return 0;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	return strcmp(text, "monitor\n") == 0;
}

/*
 * The supervisor: its front is our parent when we are its command, and we are the front's only other child. Without
 * one there is nobody to aim at, and others must not be hit.
 */
static pid_t find_monitor(void)
{
	char name[64];
	pid_t found = -1;
	FILE *f;
	int pid;

	snprintf(name, sizeof(name), "/proc/%d/task/%d/children", getppid(), getppid());
	f = fopen(name, "re");
	while (f && fscanf(f, "%d", &pid) == 1)
		if (pid != getpid() && is_monitor(pid))
			found = pid;
	if (f)
		fclose(f);
	if (found <= 1 || !is_monitor(getppid())) {
		fprintf(stderr, "aim: no monitor is there\n");
		exit(1);
	}
	return found;
}

/* Attacks on the monitor; each says whether it was let through. What is refused fails with EPERM. */
static pid_t monitor; /* or one of its threads, most calls take both */
static int let_through;

static void expect_refusal(const char *what, long result)
{
	if (result < 0 && (errno == EPERM || errno == ESRCH))
		return;
	fprintf(stderr, "aim: let through: %s: %ld %s\n", what, result, result < 0 ? strerror(errno) : "");
	let_through++;
}

static void aim_signals(void)
{
	siginfo_t info = { .si_code = SI_QUEUE };
	char name[64];
	long r;
	int fd;

	expect_refusal("kill", kill(monitor, SIGKILL));
	expect_refusal("kill, junk above", syscall(SYS_kill, 0x1234567800000000L | (unsigned int)monitor, SIGKILL));
	expect_refusal("kill, junk in the signal", syscall(SYS_kill, monitor, 0x7700000000L | SIGKILL));
	expect_refusal("tgkill", syscall(SYS_tgkill, monitor, monitor, SIGKILL));
	expect_refusal("tkill", syscall(SYS_tkill, monitor, SIGKILL));
	expect_refusal("kill of the group", kill(-monitor, SIGKILL));
	expect_refusal("rt_sigqueueinfo", syscall(SYS_rt_sigqueueinfo, monitor, SIGKILL, &info));
	expect_refusal("rt_tgsigqueueinfo", syscall(SYS_rt_tgsigqueueinfo, monitor, monitor, SIGKILL, &info));
	/* of a thread that is not the first one the kernel makes none without the flag, nor before Linux 6.9 with it */
	r = syscall(SYS_pidfd_open, monitor, 0);
	expect_refusal("pidfd_open", r < 0 && (errno == ENOENT || errno == EINVAL) ? (errno = EPERM, r) : r);
	r = syscall(SYS_pidfd_open, monitor, O_EXCL);
	expect_refusal("pidfd_open of a thread", r < 0 && errno == EINVAL ? (errno = EPERM, r) : r);
	snprintf(name, sizeof(name), "/proc/%d", monitor);
	fd = open(name, O_RDONLY | O_DIRECTORY);
	if (fd >= 0)
		expect_refusal("pidfd_send_signal by /proc", syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0));
	expect_refusal("ptrace", ptrace(PTRACE_SEIZE, monitor, NULL, NULL));
}

/* The monitor as the owner of a socket whose readiness sends SIGKILL. */
static void aim_owner(void)
{
	struct f_owner_ex owners[] = { { F_OWNER_PID, monitor }, { F_OWNER_TID, monitor }, { F_OWNER_PGRP, monitor } };
	int ends[2], who[] = { monitor, -monitor };

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) || fcntl(ends[0], F_SETSIG, SIGKILL) ||
	    fcntl(ends[0], F_SETFL, O_ASYNC))
		return;
	for (int i = 0; i < 2; i++) {
		expect_refusal("F_SETOWN", fcntl(ends[0], F_SETOWN, who[i]));
		expect_refusal("F_SETOWN, junk above",
			       syscall(SYS_fcntl, ends[0], F_SETOWN, 0x100000000L | (unsigned int)who[i]));
		expect_refusal("FIOSETOWN", ioctl(ends[0], FIOSETOWN, &who[i]));
		expect_refusal("SIOCSPGRP", ioctl(ends[0], SIOCSPGRP, &who[i]));
	}
	for (int i = 0; i < 3; i++)
		expect_refusal("F_SETOWN_EX", fcntl(ends[0], F_SETOWN_EX, &owners[i]));
	if (write(ends[1], "x", 1) != 1)
		let_through++;
}

static void aim_limits(void)
{
	struct rlimit none = { 0, 0 };
	struct sched_param idle = { 0 };
	struct {
		unsigned int size, policy;
		unsigned long long flags;
		int nice;
		unsigned int priority;
		unsigned long long times[3];
	} attributes = { .size = 48, .policy = SCHED_IDLE };
	unsigned long cpus = 1;

	expect_refusal("prlimit NOFILE", prlimit(monitor, RLIMIT_NOFILE, &none, NULL));
	expect_refusal("prlimit CPU", prlimit(monitor, RLIMIT_CPU, &none, NULL));
	expect_refusal("prlimit, junk above",
		       syscall(SYS_prlimit64, 0x500000000L | (unsigned int)monitor, RLIMIT_CPU, &none, NULL));
	expect_refusal("sched_setscheduler", sched_setscheduler(monitor, SCHED_IDLE, &idle));
	expect_refusal("sched_setparam", sched_setparam(monitor, &idle));
	expect_refusal("sched_setattr", syscall(SYS_sched_setattr, monitor, &attributes, 0));
	expect_refusal("sched_setaffinity", syscall(SYS_sched_setaffinity, monitor, sizeof(cpus), &cpus));
	expect_refusal("setpriority", setpriority(PRIO_PROCESS, (id_t)monitor, 19));
	expect_refusal("setpriority of the group", setpriority(PRIO_PGRP, (id_t)monitor, 19));
	expect_refusal("ioprio_set", syscall(SYS_ioprio_set, 1, monitor, 3 << 13));
	expect_refusal("ioprio_set of the group", syscall(SYS_ioprio_set, 2, monitor, 3 << 13));
	expect_refusal("process_vm_writev", syscall(SYS_process_vm_writev, monitor, NULL, 0, NULL, 0, 0));
}

static void aim_all(void)
{
	aim_signals();
	aim_owner();
	aim_limits();
}

static int aim(const char *path)
{
	monitor = find_monitor();
	aim_all();
	errno = EPERM;
	return let_through ? -1 : show(open(path, O_RDONLY));
}

/* By the ids of its other threads: a signal to one of them ends all. */
static int at_its_threads(const char *path)
{
	pid_t first = find_monitor();
	struct dirent *entry;
	char name[64];
	int others = 0;
	DIR *threads;

	snprintf(name, sizeof(name), "/proc/%d/task", first);
	threads = opendir(name);
	while (threads && (entry = readdir(threads))) {
		monitor = (pid_t)atoi(entry->d_name);
		if (monitor <= 0 || monitor == first)
			continue;
		others++;
		aim_all();
	}
	if (!others)
		fprintf(stderr, "aim: the monitor has one thread only\n");
	errno = EPERM;
	return let_through || !others ? -1 : show(open(path, O_RDONLY));
}

static void *wait_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static pid_t waiting_child(void)
{
	pid_t child = fork();

	if (child == 0)
		wait_for_ever(NULL);
	return child;
}

static int ends_by(pid_t child, int signal)
{
	int status;

	return waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == signal;
}

/* signals and limits at the monitor; then the secret: still seen? */
static int at_monitor(const char *path)
{
	return aim(path);
}

/* the same while another thread could change what was looked at; what is meant for others still reaches them */
static int at_monitor_threads(const char *path)
{
	struct f_owner_ex self = { F_OWNER_PID, getpid() }, got = { 0 };
	int ends[2], fd;
	pthread_t thread;
	pid_t child;

	if (pthread_create(&thread, NULL, wait_for_ever, NULL) || socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		return -1;
	if (fcntl(ends[0], F_SETOWN_EX, &self) || fcntl(ends[0], F_GETOWN_EX, &got) || got.pid != getpid())
		return -1;
	child = waiting_child();
	fd = (int)syscall(SYS_pidfd_open, child, 0);
	if (syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0) || !ends_by(child, SIGTERM))
		return -1;
	return aim(path);
}

/*
 * The listener, by whose answers the monitor decides, and whatever else it and its front hold: not for users
 * like theirs, but for root.
 */
static int at_descriptors(const char *path)
{
	pid_t holders[] = { find_monitor(), getppid() };

	for (int i = 0; i < 2; i++) {
		int fd = (int)syscall(SYS_pidfd_open, holders[i], 0);

		for (int number = 0; number < 64; number++)
			expect_refusal("pidfd_getfd", fd < 0 ? fd : syscall(SYS_pidfd_getfd, fd, number, 0));
	}
	errno = EPERM;
	return let_through ? -1 : show(open(path, O_RDONLY));
}

/* kill(-1), in a pid namespace of the test's own: all but the first process and the monitor are gone, as natively */
static int at_everybody(const char *path)
{
	pid_t child;

	if (getpid() > 64) /* the machine's own namespace, surely */
		return -1;
	child = waiting_child();
	if (kill(-1, SIGKILL) || !ends_by(child, SIGKILL))
		return -1;
	return show(open(path, O_RDONLY));
}

/* SIGTERM for a process as soon as somebody writes to a socket; 0 = it was set so. */
static int signal_by_owner(pid_t owner)
{
	struct f_owner_ex who = { F_OWNER_PID, owner };
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) || fcntl(ends[0], F_SETSIG, SIGTERM) ||
	    fcntl(ends[0], F_SETFL, O_ASYNC))
		return -1;
	return fcntl(ends[0], F_SETOWN_EX, &who) || write(ends[1], "x", 1) != 1;
}

/*
 * In a pid namespace of the test's own, with a thread, so that the monitor makes these calls itself: who gave up
 * root's rights gets none of the monitor's. The same reaches a process as long as it is root.
 */
static int at_user(const char *path)
{
	pthread_t thread;
	pid_t child;
	int fd;

	if (getpid() > 64 || pthread_create(&thread, NULL, wait_for_ever, NULL))
		return -1;
	child = waiting_child();
	if (signal_by_owner(child) || !ends_by(child, SIGTERM))
		return -1;
	child = waiting_child();
	fd = (int)syscall(SYS_pidfd_open, child, 0);
	/* this thread alone */
	if (fd < 0 || syscall(SYS_setresuid, 12345, 12345, 12345))
		return -1;
	kill(-1, SIGTERM); /* succeeds, natively, and reaches nobody */
	expect_refusal("pidfd_send_signal", syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0));
	signal_by_owner(child); /* likewise */
	usleep(50000);
	if (waitpid(child, NULL, WNOHANG) != 0) {
		fprintf(stderr, "aim: let through: the child got a signal\n");
		let_through++;
	}
	return let_through ? -1 : show(open(path, O_RDONLY));
}

/* The same as at_monitor by a process that an ordinary user's monitor cannot look into. */
static int at_monitor_closed(const char *path)
{
	pid_t child;
	int status;

	monitor = find_monitor();
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return -1;
	child = fork();
	if (child == 0) {
		aim_all();
		_exit(let_through != 0);
	}
	return waitpid(child, &status, 0) != child || status ? -1 : show(open(path, O_RDONLY));
}

/* Another thread is there, and the monitor may copy no descriptors: other processes still get their signals. */
static int at_pidfds(const char *path)
{
	pthread_t thread;
	pid_t child = waiting_child();
	int fd = (int)syscall(SYS_pidfd_open, child, 0);

	monitor = find_monitor();
	if (pthread_create(&thread, NULL, wait_for_ever, NULL) ||
	    syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0) || !ends_by(child, SIGTERM) ||
	    syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0) == 0 || errno != ESRCH)
		return -1;
	aim_signals();
	return let_through ? -1 : show(open(path, O_RDONLY));
}

#define TURNS 400 /* of each side */

static struct f_owner_ex flipping_owner = { F_OWNER_PID, 0 };
static int process_fds[2], flipping_fd; /* of a process that is gone, of the monitor */

static void *flip(void *arg)
{
	pid_t own = getpid();

	(void)arg;
	for (int i = 0;; i++) {
		*(volatile pid_t *)&flipping_owner.pid = i % 2 ? monitor : own;
		dup2(process_fds[i % 2], flipping_fd);
		usleep(20);
	}
	return NULL;
}

/* Another thread changes who is meant between the monitor's look and the kernel's. */
static int at_races(const char *path)
{
	int ends[2], refused[2] = { 0 }, passed[2] = { 0 };
	char name[64];
	pthread_t thread;
	pid_t child;

	monitor = find_monitor();
	child = waiting_child();
	process_fds[0] = (int)syscall(SYS_pidfd_open, child, 0);
	snprintf(name, sizeof(name), "/proc/%d", monitor);
	process_fds[1] = open(name, O_RDONLY | O_DIRECTORY);
	flipping_fd = dup2(process_fds[0], 200);
	flipping_owner.pid = getpid();
	if (process_fds[1] < 0 || flipping_fd < 0 || kill(child, SIGKILL) || !ends_by(child, SIGKILL) ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, ends) || pthread_create(&thread, NULL, flip, NULL))
		return -1;
	for (int i = 0; i < 100 * TURNS && (refused[0] < TURNS || passed[0] < TURNS); i++) {
		struct f_owner_ex got = { 0 };
		int r = fcntl(ends[0], F_SETOWN_EX, &flipping_owner);

		refused[0] += r < 0 && errno == EPERM;
		passed[0] += r == 0;
		if (fcntl(ends[0], F_GETOWN_EX, &got) == 0 && got.pid == monitor)
			expect_refusal("F_SETOWN_EX, raced", 0);
	}
	for (int i = 0; i < 100 * TURNS && (refused[1] < TURNS || passed[1] < TURNS); i++) {
		long r = syscall(SYS_pidfd_send_signal, flipping_fd, 0, NULL, 0);

		refused[1] += r < 0 && errno == EPERM;
		passed[1] += r < 0 && errno == ESRCH;
		if (r == 0)
			expect_refusal("pidfd_send_signal, raced", 0);
	}
	for (int i = 0; i < 2; i++)
		if (refused[i] < TURNS || passed[i] < TURNS) {
			fprintf(stderr, "aim: of the turns %d were refused, %d passed\n", refused[i], passed[i]);
			let_through++;
		}
	return let_through ? -1 : show(open(path, O_RDONLY));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const char *path);
	} ways[] = { { "at-monitor", at_monitor },
		     { "at-monitor-threads", at_monitor_threads },
		     { "at-its-threads", at_its_threads },
		     { "at-everybody", at_everybody },
		     { "at-user", at_user },
		     { "at-races", at_races },
		     { "at-monitor-closed", at_monitor_closed },
		     { "at-pidfds", at_pidfds },
		     { "at-descriptors", at_descriptors } };

	if (argc != 3)
		return 2;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(ways[i].name, argv[1]) == 0 && ways[i].run(argv[2]) == 0)
			return 0;
	fprintf(stderr, "aim: %s: %s\n", argv[1], strerror(errno));
	return 1;
}
