/* SPDX-License-Identifier: Apache-2.0 */
/* What a process reads of itself. TracerPid and Seccomp tell of a monitor, and may. */
#include "acts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>

/* Lines of a file that begin with a word of the list. */
static void say_lines(const char *path, const char *const *words)
{
	char line[1024];
	FILE *f = fopen(path, "re");

	if (!f) {
		say("%s: %s\n", path, strerrorname_np(errno));
		return;
	}
	while (fgets(line, sizeof(line), f))
		for (const char *const *word = words; *word; word++)
			if (!strncmp(line, *word, strlen(*word)))
				say("%s", line);
	fclose(f);
}

static void status(void)
{
	static const char *const words[] = { "Name:", "Umask:", "State:", "Uid:", "Gid:", "Groups:", "Threads:", "SigP",
					     "SigB", "SigI", "SigC", "Shd", "Cap", "Kthread:", "CoreDumping:", NULL };

	umask(0123);
	prctl(PR_SET_NAME, "other name");
	handle(SIGUSR1, SIG_IGN, 0);
	say_lines("/proc/self/status", words);
	say_lines("/proc/thread-self/status", words);
}

static void relations(void)
{
	char line[1024] = "", state;
	int fd = open("/proc/self/stat", O_RDONLY), ppid, pgrp, session, tty;

	read(fd, line, sizeof(line) - 1);
	if (sscanf(line, "%*d (acts) %c %d %d %d %d", &state, &ppid, &pgrp, &session, &tty) != 5) {
		say("%s\n", fd < 0 ? strerrorname_np(errno) : "not as it should be");
		return;
	}
	say("%c parent %d group %d session %d tty %d\n", state, ppid == getppid(), pgrp == getpgrp(),
	    session == getsid(0), tty);
	say("leads %d %d\n", getpgrp() == getpid(), getsid(0) == getpid());
}

static void words(void)
{
	say_file("/proc/self/cmdline");
	say_file("/proc/self/comm");
	say_file("/proc/self/environ");
	put("/proc/self/comm", "written");
	say_file("/proc/self/comm");
	say_file("/proc/self/personality");
	say_file("/proc/self/timerslack_ns");
	say_file("/proc/self/oom_score_adj");
	say_file("/proc/self/coredump_filter");
	say_file("/proc/self/setgroups");
}

static void links(void)
{
	static const char *const names[] = { "exe", "cwd", "root", "fd/0", "fd/9", "none", "fd" };
	char path[64], to[4096], own[4096] = "";

	getcwd(own, sizeof(own));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/%s", names[i]);
		n = readlink(path, to, sizeof(to) - 1);
		if (n < 0) {
			say("%s: %s\n", names[i], strerrorname_np(errno));
			continue;
		}
		to[n] = '\0';
		say("%s: %s\n", names[i], !strcmp(to, own) ? "here" : to);
	}
}

static void descriptors(void)
{
	struct dirent *entry;
	int number = open("a.txt", O_RDWR | O_APPEND | O_CLOEXEC);
	DIR *d = opendir("/proc/self/fd");
	char path[64];

	lseek(number, 5, SEEK_SET);
	if (!d) {
		say("%s\n", strerrorname_np(errno));
		return;
	}
	while ((entry = readdir(d)))
		say("%s\n", entry->d_name);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", number);
	say_lines(path, (const char *const[]){ "pos", "flags", NULL });
	closedir(d);
}

static void limits(void)
{
	struct rlimit limit;

	for (int i = 0; i < RLIMIT_NLIMITS; i++) {
		getrlimit(i, &limit);
		say("%d: %lx %lx\n", i, (unsigned long)limit.rlim_cur, (unsigned long)limit.rlim_max);
	}
	TRY(getrlimit(99, &limit));
	TRY(prlimit(0, RLIMIT_NOFILE, NULL, &limit));
	TRY(prlimit(999999, RLIMIT_NOFILE, NULL, &limit));
	TRY(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 9, 8 }));
}

static void scheduling(void)
{
	struct sched_param parameter;
	cpu_set_t set, one;

	TRY(sched_getaffinity(0, sizeof(set), &set) >= 0 ? CPU_COUNT(&set) : -1);
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	TRY(sched_setaffinity(0, sizeof(one), &one));
	TRY(sched_getscheduler(0));
	TRY(sched_getparam(0, &parameter));
	TRY(sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){ 0 }));
	TRY(nice(3));
	TRY(getpriority(PRIO_PROCESS, 0));
	TRY(sched_getscheduler(999999));
	TRY(sched_rr_get_interval(0, &(struct timespec){ 0, 0 }));
	CPU_ZERO(&one);
	TRY(sched_setaffinity(0, sizeof(one), &one));
}

static void itself(void)
{
	char name[16] = "";

	TRY(prctl(PR_GET_DUMPABLE));
	TRY(prctl(PR_GET_PDEATHSIG, &(int){ 0 }));
	TRY(prctl(PR_GET_CHILD_SUBREAPER, &(int){ 0 }));
	TRY(prctl(PR_SET_NAME, "a name that is too long"));
	TRY(prctl(PR_GET_NAME, name));
	say("%s\n", name);
	TRY(prctl(PR_SET_DUMPABLE, 0));
	TRY(open("a.txt", O_RDONLY));
	TRY(prctl(PR_GET_TIMERSLACK));
	TRY(prctl(9999));
	TRY(prctl(PR_SET_PDEATHSIG, 99));
	TRY(prctl(PR_GET_SECUREBITS));
	TRY(prctl(PR_SET_MM, 99, 0, 0, 0));
}

static void *other(void *arg)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%ld/comm", syscall(SYS_gettid));
	prctl(PR_SET_NAME, "a thread");
	say_file("/proc/thread-self/comm");
	say("own %d\n", access(path, F_OK));
	say_lines("/proc/self/status", (const char *const[]){ "Threads:", NULL });
	return arg;
}

static void threads(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, other, NULL);
	pthread_join(thread, NULL);
}

static void terminal(void)
{
	char name[64] = "", text[16] = "";
	struct termios modes;
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;

	if (master < 0) {
		say("%s\n", strerrorname_np(errno));
		return;
	}
	grantpt(master);
	unlockpt(master);
	if (ptsname_r(master, name, sizeof(name)))
		return;
	slave = open(name, O_RDWR | O_NOCTTY);
	say("a terminal: %d\n", isatty(slave));
	TRY(write(master, "line\n", 5));
	TRY(read(slave, text, 16));
	TRY(tcgetattr(slave, &modes));
	TRY(tcgetpgrp(slave));
	if (in_child()) {
		signal(SIGINT, SIG_DFL); /* who is started beside a script ignores it */
		setsid();
		slave = open(name, O_RDWR);
		TRY(tcgetpgrp(slave) == getpid());
		TRY(open("/dev/tty", O_RDWR));
		write(master, "\3", 1);
		pause();
	}
}

static void ids(void)
{
	struct utsname names;
	gid_t groups[4];

	TRY(getuid());
	TRY(geteuid());
	TRY(getgid());
	TRY(setgroups(2, (gid_t[]){ 5, 7 }));
	TRY(getgroups(4, groups));
	TRY(getgroups(1, groups));
	TRY(setresgid(1, 2, 3));
	TRY(getegid());
	TRY(uname(&names));
	TRY(uname((void *)8));
	TRY(syscall(SYS_getpid) == getpid());
	TRY(syscall(9999));
	TRY(syscall(-1));
	TRY(syscall(-5));
}

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

static volatile char dispatching; /* SYSCALL_DISPATCH_FILTER_BLOCK */
static volatile int dispatched;

static void note_call(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	dispatching = 0;
	dispatched = info->si_syscall;
}

static void say_dispatched(const char *call)
{
	dispatching = 0;
	say("%s: %d\n", call, dispatched);
	dispatched = 0;
}

/* Calls that a program has the kernel hand back to itself, before anybody else gets them. */
static void own_calls(void)
{
	struct sigaction action = { .sa_sigaction = note_call, .sa_flags = SA_SIGINFO };

	sigaction(SIGSYS, &action, NULL);
	if (TRY(prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, 0, 0, &dispatching)))
		return;
	dispatching = 1;
	syscall(SYS_openat, AT_FDCWD, "a.txt", O_RDONLY);
	say_dispatched("openat");
	dispatching = 1;
	syscall(SYS_execve, "/bin/true", NULL, NULL);
	say_dispatched("execve");
	dispatching = 1;
	syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	say_dispatched("clone");
	TRY(open("a.txt", O_RDONLY));
	TRY(prctl(PR_SET_SYSCALL_USER_DISPATCH, 0, 0, 0, 0));
	TRY(mkdir("made", 0700));
}

const struct act acts_self[] = {
	{ "self-status", status },
	{ "self-relations", relations },
	{ "self-words", words },
	{ "self-links", links },
	{ "self-descriptors", descriptors },
	{ "self-limits", limits },
	{ "self-scheduling", scheduling },
	{ "self-controls", itself },
	{ "self-threads", threads },
	{ "self-terminal", terminal },
	{ "self-ids", ids },
	{ "self-dispatched", own_calls },
	{ 0 },
};
