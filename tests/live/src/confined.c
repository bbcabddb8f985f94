/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confined WAY FILE: confines itself, then goes for FILE, which it may no longer read (Landlock) or remove
 * (seccomp) itself. Prints what it got, or how it ended: the same natively and watched. Exit status: 77 where
 * the kernel has no such way.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LANDLOCK_CREATE	     444
#define LANDLOCK_ADD	     445
#define LANDLOCK_RESTRICT    446
#define LANDLOCK_BENEATH     1
#define LANDLOCK_READ_FILE   (1ull << 2)

static const char *file;

static void may_read(int rules, const char *folder)
{
	struct {
		uint64_t access;
		int32_t parent;
	} __attribute__((packed)) beneath = { LANDLOCK_READ_FILE, open(folder, O_PATH | O_CLOEXEC) };

	if (beneath.parent < 0)
		return;
	syscall(LANDLOCK_ADD, rules, LANDLOCK_BENEATH, &beneath, 0);
	close(beneath.parent);
}

/* Files can be read where programs lie, and nowhere else. */
static void landlock(void)
{
	static const char *const folders[] = { "/usr", "/bin", "/lib", "/lib64", "/etc", "/proc" };
	uint64_t access = LANDLOCK_READ_FILE;
	int rules = (int)syscall(LANDLOCK_CREATE, &access, sizeof(access), 0);

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		may_read(rules, folders[i]);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(LANDLOCK_RESTRICT, rules, 0))
		_exit(77);
	close(rules);
}

static void look(void)
{
	char text[64];
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (n < 0)
		dprintf(1, "%s\n", strerror(errno));
	else if (write(1, text, (size_t)n) < 0)
		_exit(1);
}

static void look_by_program(void)
{
	execlp("cat", "cat", file, (char *)NULL);
}

/* Does it in a child of its own, which is made by a clone with these flags. */
static void in_child(unsigned long flags, void (*what)(void))
{
	pid_t child = (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

	if (child == 0) {
		what();
		_exit(0);
	}
	waitpid(child, NULL, __WALL);
}

static void look_in_child(void)
{
	in_child(0, look);
}

/* In a process that is debugged by its parent. */
static void debugged(void (*what)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(77);
		raise(SIGSTOP);
		landlock();
		what();
		_exit(0);
	}
	while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
		int signal = WSTOPSIG(status);

		ptrace(PTRACE_CONT, child, NULL,
		       (void *)(uintptr_t)(signal == SIGSTOP || signal == SIGTRAP ? 0 : signal));
	}
}

/* Of calls that remove a name the filter says what is given here. */
static void filter(uint32_t action)
{
	struct sock_filter list[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unlinkat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(list) / sizeof(list[0]), list };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(77);
}

static void remove_under(const char *way)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (!strcmp(way, "strict") && prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
			_exit(77);
		if (!strcmp(way, "errno"))
			filter(SECCOMP_RET_ERRNO | EXDEV);
		if (!strcmp(way, "trap"))
			filter(SECCOMP_RET_TRAP);
		if (!strcmp(way, "kill"))
			filter(SECCOMP_RET_KILL_PROCESS);
		if (syscall(SYS_unlinkat, AT_FDCWD, file, 0) == 0)
			errno = 0;
		syscall(SYS_exit, errno == EXDEV ? 2 : 3);
	}
	waitpid(child, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		exit(77);
	printf("%s, %s\n", WIFSIGNALED(status) ? "killed" : WEXITSTATUS(status) == 2 ? "refused" : "done",
	       access(file, F_OK) ? "removed" : "still there");
}

int main(int argc, char **argv)
{
	const char *way = argc == 3 ? argv[1] : "";

	file = argv[argc - 1];
	if (!strcmp(way, "debugged-exec")) {
		debugged(look_by_program);
	} else if (!strcmp(way, "debugged-child")) {
		debugged(look_in_child);
	} else if (!strcmp(way, "strict") || !strcmp(way, "errno") || !strcmp(way, "trap") || !strcmp(way, "kill")) {
		remove_under(way);
	} else {
		landlock();
		if (!strcmp(way, "child"))
			look_in_child();
		else if (!strcmp(way, "grandchild"))
			in_child(0, look_in_child);
		else if (!strcmp(way, "untraced"))
			in_child(CLONE_UNTRACED, look);
		else if (!strcmp(way, "exec"))
			look_by_program();
		else if (!strcmp(way, "child-exec"))
			in_child(0, look_by_program);
		else
			look();
	}
	return 0;
}
