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

/* The supervisor: its front is our parent when we are its command, and we are the front's only other child. */
static pid_t find_monitor(void)
{
	char name[64];
	pid_t found = -1;
	FILE *f;
	int pid;

	snprintf(name, sizeof(name), "/proc/%d/task/%d/children", getppid(), getppid());
	f = fopen(name, "re");
	if (!f)
		return -1;
	while (fscanf(f, "%d", &pid) == 1)
		if (pid != getpid())
			found = pid;
	fclose(f);
	return found;
}

/* Attacks on the monitor; each says whether it was let through. What is refused fails with EPERM. */
static pid_t monitor; /* or one of its threads, most calls take both */
static int let_through;

static void expect_refusal(const char *what, long result)
{
	if (result < 0 && (errno == EPERM || errno == ESRCH))
		return;
	fprintf(stderr, "evade: let through: %s: %ld %s\n", what, result, result < 0 ? strerror(errno) : "");
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
	if (monitor <= 1)
		return -1;
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

/* signals and limits at the monitor; then the secret: still seen? */
static int at_monitor(const char *path)
{
	return aim(path);
}

/* the same while another thread could change what was looked at; what is meant for others still reaches them */
static int at_monitor_threads(const char *path)
{
	struct f_owner_ex self = { F_OWNER_PID, getpid() }, got = { 0 };
	int ends[2], status, fd;
	pthread_t thread;
	pid_t child;

	if (pthread_create(&thread, NULL, wait_for_ever, NULL) || socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		return -1;
	if (fcntl(ends[0], F_SETOWN_EX, &self) || fcntl(ends[0], F_GETOWN_EX, &got) || got.pid != getpid())
		return -1;
	child = fork();
	if (child == 0)
		wait_for_ever(NULL);
	fd = (int)syscall(SYS_pidfd_open, child, 0);
	if (syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0) || waitpid(child, &status, 0) != child ||
	    !WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM)
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
	int status;

	if (getpid() > 64) /* the machine's own namespace, surely */
		return -1;
	child = fork();
	if (child == 0)
		wait_for_ever(NULL);
	if (kill(-1, SIGKILL) || waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
		return -1;
	return show(open(path, O_RDONLY));
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
		     { "at-descriptors", at_descriptors } };

	if (argc != 3)
		return 2;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(ways[i].name, argv[1]) == 0 && ways[i].run(argv[2]) == 0)
			return 0;
	fprintf(stderr, "aim: %s: %s\n", argv[1], strerror(errno));
	return 1;
}
