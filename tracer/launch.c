/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/launch.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/inherited.h"
#include "base/str.h"
#include "base/thread.h"
#include "tracer/front.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef PR_SET_PTRACER
#define PR_SET_PTRACER 0x59616d61
#endif

#define EXIT_NOT_FOUND	    127
#define EXIT_NOT_EXECUTABLE 126

#define FRONT_LOOK_MS 20 /* between looks whether it is there, for the milliseconds of a start */

static int install_once(const struct sock_filter *program, size_t length, unsigned long flags)
{
	struct sock_fprog fprog = { (unsigned short)length, (struct sock_filter *)(uintptr_t)program };
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &fprog);

	if (r < 0 && errno == EACCES) {
		/* without CAP_SYS_ADMIN the kernel wants set-uid programs to stay powerless below a filter */
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			return -errno;
		r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &fprog);
	}
	return r < 0 ? -errno : (int)r;
}

int launch_install(const struct sock_filter *program, size_t length, bool listener, bool *ret_killable)
{
	/* SPEC_ALLOW: a filter that only watches must not slow the workload down by speculation controls */
	unsigned long flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW | (listener ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0);
	bool killable = listener;
	int r;

	r = install_once(program, length, flags | (killable ? SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV : 0));
	/* EINVAL of older kernels; a profile may refuse flags that it does not know by another one */
	if (r < 0 && killable) { /* before Linux 5.19 */
		killable = false;
		r = install_once(program, length, flags);
	}
	if (r < 0) /* before Linux 4.17, and gVisor */
		r = install_once(program, length, flags & ~(unsigned long)SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	if (r >= 0)
		*ret_killable = killable;
	return r;
}

pid_t launch_fork_sharing_files(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);

	return pid < 0 ? -errno : pid;
}

/* ---- the workload before its exec: async-signal-safe code only ----------------------------------------- */

static bool is_executable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* Looks a command up as execvp() does, but before the filter is there: a search is the shell's business. */
static int find_command(const char *name, char path[PATH_MAX])
{
	const char *dirs = getenv("PATH");
	int reason = ENOENT;

	if (strchr(name, '/') || !*name) {
		if (strlen(name) >= PATH_MAX)
			return ENAMETOOLONG;
		memcpy(path, name, strlen(name) + 1);
		return *name ? 0 : ENOENT;
	}
	for (const char *dir = dirs ? dirs : "/usr/local/bin:/bin:/usr/bin"; dir;) {
		const char *end = strchrnul(dir, ':');
		int n = end == dir ? snprintf(path, PATH_MAX, "./%s", name) :
				     snprintf(path, PATH_MAX, "%.*s/%s", (int)(end - dir), dir, name);

		if (n > 0 && n < PATH_MAX) {
			if (is_executable(path))
				return 0;
			if (access(path, F_OK) == 0)
				reason = EACCES;
		}
		dir = *end ? end + 1 : NULL;
	}
	return reason;
}

/* A script without "#!" is the shell's, as execvp() has it. On the heap: whoever forked had one thread. NULL: no memory. */
static char **arguments_of_shell(char *path, char *const *argv)
{
	size_t count = 0;
	char **shell;

	while (argv[count])
		count++;
	shell = calloc(count + 2, sizeof(*shell));
	if (!shell)
		return NULL;
	shell[0] = (char *)(uintptr_t)"sh";
	shell[1] = path;
	memcpy(shell + 2, argv + 1, (count - 1) * sizeof(*shell));
	return shell;
}

static _Noreturn void workload_fail(struct launch_shared *shared, int reason)
{
	atomic_store(&shared->start_errno, reason);
	if (atomic_load(&shared->listener) == -1)
		atomic_store(&shared->listener, -2);
	_exit(reason == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

struct go_message {
	uint32_t listener;
	uint32_t length; /* instructions, which follow */
};

static _Noreturn void workload_main(const struct launch_command *command, int go, struct launch_shared *shared,
				    pid_t supervisor)
{
	static struct { /* in the child's copy: the stack of the forking process may be small */
		struct go_message head;
		struct sock_filter program[BPF_MAXINSNS];
	} message;
	char *const *argv = command->argv;
	char path[PATH_MAX], **shell;
	struct stat st;
	bool killable = false;
	ssize_t n;
	int r, reason;

	if (command->ignores_children)
		signal(SIGCHLD, SIG_IGN);
	setrlimit(RLIMIT_STACK, &command->stack);
	sigprocmask(SIG_SETMASK, &command->mask, NULL);
	/* Yama lets only ancestors attach; this names the supervisor as well */
	prctl(PR_SET_PTRACER, (unsigned long)supervisor, 0, 0, 0);
	reason = find_command(argv[0], path);
	shell = arguments_of_shell(path, argv);
	if (!shell && !reason)
		reason = ENOMEM;
	atomic_store(&shared->set_id, reason == 0 && stat(path, &st) == 0 && st.st_mode & (S_ISUID | S_ISGID));
	if (write(go, "", 1) != 1)
		_exit(EXIT_NOT_EXECUTABLE);
	do {
		n = read(go, &message, sizeof(message));
	} while (n < 0 && errno == EINTR);
	/* the end of the socket: the supervisor is gone, nobody would watch */
	if (n < (ssize_t)sizeof(message.head) ||
	    (size_t)n != sizeof(message.head) + message.head.length * sizeof(message.program[0]))
		workload_fail(shared, ECANCELED);
	if (reason)
		workload_fail(shared, reason);
	r = message.head.length ?
		    launch_install(message.program, message.head.length, message.head.listener, &killable) :
		    0;
	if (r < 0) {
		atomic_store(&shared->not_installed, true);
		workload_fail(shared, -r);
	}
	atomic_store(&shared->killable, killable);
	atomic_store(&shared->listener, message.head.listener ? r : -2);
	/* from here on every call may be caught */
	execv(path, argv);
	if (errno == ENOEXEC)
		execv("/bin/sh", shell);
	workload_fail(shared, errno);
}

/* ---- forking ------------------------------------------------------------------------------------------- */

static _Noreturn void front_process(const struct launch_command *command, int control, const int go[2],
				    struct launch_shared *shared, pid_t supervisor)
{
	pid_t workload;

	close(go[0]);
	workload = launch_fork_sharing_files();
	if (workload == 0)
		workload_main(command, go[1], shared, supervisor);
	/*
	 * closed to processes of the same user as long as nothing runs: the supervisor lets the command go
	 * when it knows of it
	 */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (send(control, &workload, sizeof(workload), MSG_NOSIGNAL) != sizeof(workload) || workload < 0) {
		/* the supervisor reports */
		waitpid(supervisor, NULL, 0);
		_exit(EXIT_NOT_EXECUTABLE);
	}
	front_main(&(struct front_family){ workload, supervisor, control, go[1] }, shared);
}

/* What the user allows each process of the workload is too little for who works for all of them. */
static void raise_limits(void)
{
	static const int list[] = {
		RLIMIT_NOFILE, /* one memory descriptor for each process of the workload */
		RLIMIT_CPU,    /* time for the calls of all of them */
		RLIMIT_FSIZE,  /* alerts and captures of all of them */
	};
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit limit;

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		if (list[i] != RLIMIT_NOFILE && setrlimit(list[i], &none) == 0) /* CAP_SYS_RESOURCE */
			continue;
		if (getrlimit(list[i], &limit) < 0)
			continue;
		limit.rlim_cur = limit.rlim_max;
		/* at the hard limit the kernel kills, without a word: a second before that comes a signal */
		if (list[i] == RLIMIT_CPU && limit.rlim_max != RLIM_INFINITY && limit.rlim_max > 1)
			limit.rlim_cur--;
		setrlimit(list[i], &limit);
	}
}

/*
 * Until its exec the command has the front's descriptors, too, so a front that is killed meanwhile is no end
 * of a socket. It is seen by who the supervisor's parent is. False: it is gone, or fd cannot be waited for.
 */
static bool wait_for_front(int fd, pid_t front)
{
	struct pollfd polled = { fd, POLLIN, 0 };
	int r;

	do {
		bool there = getppid() == front;

		r = poll(&polled, 1, there ? FRONT_LOOK_MS : 0);
		if (r == 0 && !there)
			return false;
	} while (r == 0 || (r < 0 && errno == EINTR));
	return r > 0;
}

int launch_fork(const struct launch_command *wanted, struct launch *ret_launch, struct error *err)
{
	struct launch_command command = *wanted;
	struct launch_shared *shared;
	int control[2], go[2];
	pid_t front = getpid(), workload, child;
	sigset_t all;
	char byte;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return error_errno(err, -errno, "cannot share memory with the workload");
	atomic_store(&shared->listener, -1);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, go) < 0)
		return error_errno(err, -errno, "cannot make a socket pair");
	/* what is sent to the front is the command's, from here on */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &command.mask);
	child = fork();
	if (child < 0) {
		int reason = -errno;

		sigprocmask(SIG_SETMASK, &command.mask, NULL);
		return error_errno(err, reason, "cannot fork");
	}
	if (child > 0) {
		close(control[0]);
		front_process(&command, control[1], go, shared, child);
	}
	close(control[1]);
	close(go[1]);
	setsid();
	thread_unblock_signals();
	inherited_close();
	inherited_let_go(STDIN_FILENO);
	/* unprivileged processes of the same user cannot attach to it or write its memory */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	raise_limits();
	/*
	 * what comes before the command begins may wait for others, such as the reader of a FIFO: in vain,
	 * once the front is gone
	 */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (!wait_for_front(control[0], front) || recv(control[0], &workload, sizeof(workload), 0) != sizeof(workload))
		return error_set(err, -ECHILD, "the command could not be forked");
	if (workload < 0)
		return error_errno(err, workload, "cannot fork the command");
	if (!wait_for_front(go[0], front) || read(go[0], &byte, 1) != 1)
		return error_set(err, -ECHILD, "the command is gone before it started");
	*ret_launch = (struct launch){ front, workload, control[0], go[0], shared };
	return 0;
}

static int receive_listener(int control, pid_t front)
{
	int value = -1;
	struct iovec iov = { &value, sizeof(value) };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} buffer;
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &buffer, .msg_controllen = sizeof(buffer)
	};
	struct cmsghdr *c;
	ssize_t n;

	if (!wait_for_front(control, front))
		return -ECONNRESET;
	do {
		n = recvmsg(control, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n != sizeof(value))
		return n < 0 ? -errno : -ECONNRESET;
	c = CMSG_FIRSTHDR(&msg);
	if (value < 0 || !c || c->cmsg_type != SCM_RIGHTS)
		return -ENODATA;
	memcpy(&value, CMSG_DATA(c), sizeof(value));
	return value;
}

int launch_start(struct launch *l, const struct sock_filter *program, size_t length, bool want_listener,
		 int *ret_listener, struct error *err)
{
	struct go_message head = { want_listener, (uint32_t)length };
	struct iovec iov[2] = { { &head, sizeof(head) },
				{ (void *)(uintptr_t)program, length * sizeof(program[0]) } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	int fd = -1;

	if (length > BPF_MAXINSNS)
		return error_set(err, -E2BIG, "the filter has %zu instructions, the kernel takes %d", length,
				 BPF_MAXINSNS);
	prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	if (sendmsg(l->go, &msg, MSG_NOSIGNAL) < 0)
		return error_errno(err, -errno, "the workload is gone before it started");
	close(take_fd(l->go));
	if (want_listener) {
		fd = receive_listener(l->control, l->front);
		if (fd < 0 && atomic_load(&l->shared->not_installed))
			return error_errno(err, -atomic_load(&l->shared->start_errno), "the kernel refuses the filter");
		if (fd < 0 && fd != -ENODATA) {
			/* it has that itself, and would wait in its exec for ever */
			kill(l->workload, SIGKILL);
			return error_errno(err, fd, "no notification descriptor from the workload");
		}
	}
	*ret_listener = fd < 0 ? -1 : fd;
	return 0;
}

void launch_finish(struct launch *l, struct launch_end end)
{
	if (l->control >= 0)
		(void)!send(l->control, &end, sizeof(end), MSG_NOSIGNAL);
}

void launch_close(struct launch *l)
{
	if (l->control >= 0)
		close(take_fd(l->control));
	if (l->go >= 0)
		close(take_fd(l->go));
	if (l->shared)
		munmap(take_ptr(l->shared), sizeof(*l->shared));
}
