/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that trace others ("debug-": some ways of intercepting leave no room for them), and filters of
 * their own ("filter-").
 */
#include "acts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that asks to be traced and stops. */
static pid_t traced(void (*work)(void))
{
	pid_t pid = started();
	int status;

	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0)) {
			say("not traced: %s\n", strerrorname_np(errno));
			_exit(1);
		}
		raise(SIGSTOP);
		work();
		_exit(4);
	}
	waitpid(pid, &status, 0);
	say_status("child", status);
	return pid;
}

static void go_on(pid_t pid, int how, int times)
{
	int status = 0;

	for (int i = 0; i < times; i++) {
		if (ptrace(how, pid, 0, WIFSTOPPED(status) && WSTOPSIG(status) != SIGTRAP ? WSTOPSIG(status) : 0))
			break;
		waitpid(pid, &status, 0);
		say_status("child", status);
		if (!WIFSTOPPED(status))
			return;
	}
	kill(pid, SIGKILL);
}

static void open_one(void)
{
	close(open("a.txt", O_RDONLY));
}

static void run_true(void)
{
	execl("/bin/true", "true", NULL);
}

static void signal_itself(void)
{
	raise(SIGUSR1);
}

static void debug_asked(void)
{
	go_on(traced(open_one), PTRACE_CONT, 5);
}

static void debug_exec(void)
{
	go_on(traced(run_true), PTRACE_CONT, 5);
}

static void debug_signals(void)
{
	go_on(traced(signal_itself), PTRACE_CONT, 5);
}

/* The calls of an open and a close: entries and exits. */
static void debug_calls(void)
{
	pid_t pid = traced(open_one);
	int status, stops = 0;

	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
	while (!ptrace(PTRACE_SYSCALL, pid, 0, 0) && waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
		stops += WSTOPSIG(status) == (SIGTRAP | 0x80);
	say("stops %d\n", stops);
	say_status("child", status);
}

static void debug_steps(void)
{
	pid_t pid = traced(open_one);
	int status, steps = 0;

	while (steps < 200 && !ptrace(PTRACE_SINGLESTEP, pid, 0, 0) && waitpid(pid, &status, 0) == pid &&
	       WIFSTOPPED(status))
		steps++;
	say("steps %d\n", steps);
	kill(pid, SIGKILL);
	ended(pid);
}

static void have_child(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(6);
	ended(pid);
}

static void debug_births(void)
{
	pid_t pid = traced(have_child);
	unsigned long message;
	int status, seen = 0;

	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEFORK | PTRACE_O_TRACEEXIT);
	ptrace(PTRACE_CONT, pid, 0, 0);
	for (pid_t who; (who = waitpid(-1, &status, __WALL)) > 0;) {
		if (!WIFSTOPPED(status))
			continue;
		if (status >> 16 == PTRACE_EVENT_FORK)
			seen += !ptrace(PTRACE_GETEVENTMSG, who, 0, &message) && message > 0;
		if (status >> 16 == PTRACE_EVENT_EXIT) {
			ptrace(PTRACE_GETEVENTMSG, who, 0, &message);
			say("exit %lu of %s\n", message >> 8, who == pid ? "the child" : "its own");
		}
		ptrace(PTRACE_CONT, who, 0, WSTOPSIG(status) == SIGCHLD ? SIGCHLD : 0);
	}
	say("births %d\n", seen);
}

static void debug_attached(void)
{
	pid_t pid = started();
	int status;

	if (!pid) {
		for (;;)
			close(open("a.txt", O_RDONLY));
	}
	pause_for(20);
	TRY(ptrace(PTRACE_SEIZE, pid, 0, 0));
	TRY(ptrace(PTRACE_INTERRUPT, pid, 0, 0));
	TRY(waitpid(pid, &status, 0) == pid ? status >> 16 : -1);
	TRY(ptrace(PTRACE_DETACH, pid, 0, 0));
	TRY(ptrace(PTRACE_ATTACH, pid, 0, 0));
	TRY(waitpid(pid, &status, 0) == pid ? status >> 8 : -1);
	TRY(ptrace(PTRACE_ATTACH, pid, 0, 0));
	TRY(ptrace(PTRACE_DETACH, pid, 0, 0));
	TRY(ptrace(PTRACE_CONT, pid, 0, 0));
	TRY(ptrace(PTRACE_ATTACH, getpid(), 0, 0));
	TRY(ptrace(PTRACE_ATTACH, 999999, 0, 0));
	kill(pid, SIGKILL);
	ended(pid);
}

static void *execute_soon(void *unused)
{
	(void)unused;
	pause_for(200);
	execl("/bin/sleep", "sleep", "0.3", NULL);
	return NULL;
}

/* The first thread stops for nobody while its vfork() lasts, and another takes its id by executing. */
static void debug_replaced(void)
{
	pid_t pid = started();
	pthread_t other;

	if (!pid) {
		kill(getpid(), 0); /* a call by which the monitor gets to know it */
		pthread_create(&other, NULL, execute_soon, NULL);
		if (!vfork()) {
			pause_for(1000);
			_exit(0);
		}
		_exit(5);
	}
	pause_for(100);
	TRY(ptrace(PTRACE_SEIZE, pid, 0, 0));
	ended(pid);
}

static void nothing(int number)
{
	(void)number;
}

/* From its birth on. With handlers for signals that come in numbers a monitor looks closer. */
static void debug_newborns(void)
{
	int status, refused = 0, other = 0;

	handle(SIGALRM, nothing, 0);
	for (int i = 0; i < 200; i++) {
		pid_t pid = started();

		if (!pid) {
			for (;;)
				pause();
		}
		if (ptrace(i % 2 ? PTRACE_ATTACH : PTRACE_SEIZE, pid, 0, 0))
			refused++;
		else if (i % 2 && (waitpid(pid, &status, 0) != pid || status >> 8 != SIGSTOP))
			other++;
		kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
			;
	}
	say("refused %d, other stops %d\n", refused, other);
}

static volatile long value = 5;

static void tell_value(void)
{
	say("value %ld\n", value);
}

static void debug_memory(void)
{
	pid_t pid = traced(tell_value);

	TRY(ptrace(PTRACE_PEEKDATA, pid, &value, 0));
	TRY(ptrace(PTRACE_POKEDATA, pid, &value, 9));
	TRY(ptrace(PTRACE_PEEKDATA, pid, 8, 0));
	go_on(pid, PTRACE_CONT, 3);
}

static long filter(unsigned int flags, uint32_t call, uint32_t action)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog whole = { sizeof(program) / sizeof(program[0]), program };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &whole);
}

static void filter_refuses(void)
{
	TRY(filter(0, SYS_openat, SECCOMP_RET_ERRNO | EXDEV));
	TRY(open("a.txt", O_RDONLY));
	TRY(open("none", O_RDONLY));
	TRY(filter(0, SYS_unlinkat, SECCOMP_RET_ERRNO | 0));
	TRY(syscall(SYS_unlinkat, AT_FDCWD, "a.txt", 0));
	TRY(access("a.txt", F_OK));
	TRY(filter(0, SYS_connect, SECCOMP_RET_ERRNO | ENOSPC));
	TRY(connect(socket(AF_INET, SOCK_DGRAM, 0), &(struct sockaddr){ .sa_family = AF_INET }, 16));
	TRY(filter(0, SYS_sendto, SECCOMP_RET_ERRNO | EXDEV));
	TRY(sendto(socket(AF_INET, SOCK_DGRAM, 0), "x", 1, 0,
		   &(struct sockaddr){ .sa_family = AF_INET, .sa_data = "\0\7\177\0\0\1" }, 16));
	TRY(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	execl("/bin/sh", "sh", "-c", "echo x", NULL);
}

static void trapped(int number, siginfo_t *info, void *context)
{
	(void)context;
	say("signal %d code %d errno %d call %s\n", number, info->si_code, info->si_errno,
	    info->si_syscall == SYS_openat ? "openat" : "other");
}

static void filter_traps(void)
{
	struct sigaction action = { .sa_sigaction = trapped, .sa_flags = SA_SIGINFO };

	sigaction(SIGSYS, &action, NULL);
	TRY(filter(0, SYS_openat, SECCOMP_RET_TRAP | 7));
	open("a.txt", O_RDONLY);
	openat(5, "a.txt", O_WRONLY);
}

static void filter_kills(void)
{
	static const uint32_t actions[] = { SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP,
					    SECCOMP_RET_LOG };

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (!in_child())
			continue;
		filter(0, SYS_openat, actions[i]);
		open("a.txt", O_RDONLY);
		_exit(0);
	}
}

/*
 * Nobody traces: the call is one that is not there. (Where the monitor catches the call, it goes on: of two
 * filters that is less.)
 */
static void filter_traces(void)
{
	TRY(filter(0, SYS_getppid, SECCOMP_RET_TRACE | 4));
	TRY(syscall(SYS_getppid));
	TRY(access("a.txt", F_OK));
}

/* Behind a filter of anybody there is no strict mode, only what a program does for it. */
static void filter_strict(void)
{
	if (in_child()) {
		int fd = open("a.txt", O_RDONLY);
		char byte;

		prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
		read(fd, &byte, 1);
		write(1, "strict\n", 7);
		syscall(SYS_exit, 3);
	}
}

static void filter_wrong(void)
{
	uint32_t action = SECCOMP_RET_ERRNO;

	TRY(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action));
	TRY(syscall(SYS_seccomp, 99, 0, NULL));
	TRY(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL));
	TRY(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0x4000, NULL));
	if (in_child()) {
		struct sock_fprog empty = { 0, NULL };

		as_nobody();
		TRY(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &empty));
		TRY(prctl(PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0));
		_exit(0);
	}
	TRY(filter(SECCOMP_FILTER_FLAG_TSYNC, SYS_mkdirat, SECCOMP_RET_ERRNO | EXDEV));
}

const struct act acts_tracing[] = {
	{ "debug-asked", debug_asked },
	{ "debug-exec", debug_exec },
	{ "debug-signals", debug_signals },
	{ "debug-calls", debug_calls },
	{ "debug-steps", debug_steps },
	{ "debug-births", debug_births },
	{ "debug-attached", debug_attached },
	{ "debug-replaced", debug_replaced },
	{ "debug-newborns", debug_newborns },
	{ "debug-memory", debug_memory },
	{ "filter-refuses", filter_refuses },
	{ "filter-traps", filter_traps },
	{ "filter-kills", filter_kills },
	{ "filter-traces", filter_traces },
	{ "filter-strict", filter_strict },
	{ "filter-wrong", filter_wrong },
	{ 0 },
};
