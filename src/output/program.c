/* SPDX-License-Identifier: Apache-2.0 */
#include "output/program.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"

extern char **environ;

struct program_starter {
	pthread_mutex_t lock; /* a request and its answer */
	int fd;
	pid_t pid;
};

enum request_kind { PROGRAM_START, PROGRAM_POLL, PROGRAM_KILL };

/* Behind a start's request is the command with its NUL, and its standard input. */
struct request {
	enum request_kind kind;
	pid_t pid;
};

struct answer {
	int result; /* as the functions below */
	int status;
	pid_t pid;
};

/* ---- what is done -------------------------------------------------------------------------------------- */

/* As programs expect to be started: no signal blocked or ignored. */
static int start(const char *command, int input, pid_t *ret_pid)
{
	char *const argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, (char *)(uintptr_t)command, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	r = -posix_spawn(ret_pid, "/bin/sh", &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

static int poll_end(pid_t pid, int *ret_status)
{
	pid_t r = waitpid(pid, ret_status, WNOHANG);

	return r == pid ? 1 : r == 0 || errno == EINTR ? 0 : -errno;
}

static void kill_group(pid_t pid)
{
	int status;

	kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
}

/* ---- the process that does it -------------------------------------------------------------------------- */

struct helper {
	const struct program_starter_options *options;
	int fd;
	pid_t children[PROGRAM_CHILDREN]; /* those that run, 0 = free */
};

static pid_t *find(struct helper *h, pid_t pid)
{
	for (size_t i = 0; i < ARRAY_SIZE(h->children); i++)
		if (h->children[i] == pid)
			return &h->children[i];
	return NULL;
}

static void serve_start(struct helper *h, const char *command, int input, struct answer *a)
{
	pid_t *place = find(h, 0);

	if (input < 0)
		a->result = -EBADF;
	else if (!place)
		a->result = -EAGAIN;
	else if (!h->options->may(h->options->context, command))
		a->result = -EPERM;
	else
		a->result = start(command, input, place);
	if (a->result == 0)
		a->pid = *place;
}

static void serve(struct helper *h, const struct request *r, const char *command, int input, struct answer *a)
{
	pid_t *child = r->kind == PROGRAM_START ? NULL : r->pid > 0 ? find(h, r->pid) : NULL;

	if (r->kind == PROGRAM_START) {
		serve_start(h, command, input, a);
	} else if (!child) {
		a->result = -ECHILD;
	} else if (r->kind == PROGRAM_POLL) {
		a->result = poll_end(*child, &a->status);
		if (a->result)
			*child = 0;
	} else {
		kill_group(*child);
		*child = 0;
	}
}

union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

/* Bytes of the command; -1 = the monitor is gone. */
static ssize_t receive(int fd, struct request *r, char *command, size_t size, int *ret_input)
{
	struct iovec parts[] = { { r, sizeof(*r) }, { command, size } };
	union control control;
	struct msghdr message = {
		.msg_iov = parts, .msg_iovlen = 2, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)
	};
	const struct cmsghdr *c;
	ssize_t n;

	*ret_input = -1;
	do
		n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < (ssize_t)sizeof(*r))
		return -1;
	c = CMSG_FIRSTHDR(&message);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(ret_input, CMSG_DATA(c), sizeof(int));
	return n - (ssize_t)sizeof(*r);
}

static void close_others(int fd)
{
	if (dup2(fd, STDERR_FILENO + 1) < 0)
		_exit(1);
	(void)fcntl(STDERR_FILENO + 1, F_SETFD, FD_CLOEXEC);
	if (syscall(SYS_close_range, STDERR_FILENO + 2, ~0U, 0) == 0)
		return;
	for (int i = STDERR_FILENO + 2; i < 65536; i++) /* before Linux 5.9 */
		close(i);
}

static void detach(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	for (int i = STDIN_FILENO; null >= 0 && i <= STDERR_FILENO; i++)
		(void)dup2(null, i);
}

/* What is sent to a service's or a terminal's processes is the monitor's to answer: it still needs us. */
static void help(const struct program_starter_options *options, int fd)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE, SIGTSTP };
	struct helper h = { .options = options, .fd = STDERR_FILENO + 1 };
	static char command[PROGRAM_COMMAND_BYTES + 1];
	struct request r;
	sigset_t none;
	ssize_t n;
	int input;

	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	close_others(fd);
	prctl(PR_SET_NAME, "monitor-program", 0, 0, 0);
	if (options->detached)
		detach();
	if (options->prepare)
		options->prepare(options->context);
	while ((n = receive(h.fd, &r, command, PROGRAM_COMMAND_BYTES, &input)) >= 0) {
		struct answer a = { 0 };

		command[n] = 0;
		serve(&h, &r, command, input, &a);
		if (input >= 0)
			close(input);
		if (send(h.fd, &a, sizeof(a), MSG_NOSIGNAL) < 0)
			break;
	}
}

int program_starter_fork(const struct program_starter_options *options, struct program_starter **ret_starter,
			 struct error *err)
{
	auto_program_starter struct program_starter *s = calloc(1, sizeof(*s));
	int ends[2];

	if (!s)
		return error_set(err, -ENOMEM, "out of memory");
	pthread_mutex_init(&s->lock, NULL);
	s->fd = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_errno(err, -errno, "cannot make a socket pair");
	s->fd = ends[0];
	s->pid = fork();
	if (s->pid == 0) {
		help(options, ends[1]);
		_exit(0);
	}
	close(ends[1]);
	if (s->pid < 0)
		return error_errno(err, -errno, "cannot fork");
	*ret_starter = take_ptr(s);
	return 0;
}

void program_starter_free(struct program_starter *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	/* a daemon is another process than the one that forked it, and who traces has seen its end already */
	while (s->pid > 0 && waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
		;
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* ---- asking -------------------------------------------------------------------------------------------- */

static int ask_locked(int fd, const struct msghdr *message, struct answer *ret_answer)
{
	ssize_t n;

	do
		n = sendmsg(fd, message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	do
		n = recv(fd, ret_answer, sizeof(*ret_answer), 0);
	while (n < 0 && errno == EINTR);
	return n == sizeof(*ret_answer) ? 0 : n < 0 ? -errno : -EPIPE;
}

static int ask(struct program_starter *s, const struct request *r, const char *command, int input,
	       struct answer *ret_answer)
{
	struct iovec parts[] = { { (void *)(uintptr_t)r, sizeof(*r) },
				 { (void *)(uintptr_t)command, command ? strlen(command) + 1 : 0 } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	union control control = { 0 };
	struct cmsghdr *c = &control.align;
	int result;

	if (command) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
				       .cmsg_level = SOL_SOCKET,
				       .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(c), &input, sizeof(int));
	}
	pthread_mutex_lock(&s->lock);
	result = ask_locked(s->fd, &message, ret_answer);
	pthread_mutex_unlock(&s->lock);
	return result < 0 ? result : ret_answer->result;
}

int program_start(struct program_starter *s, const char *command, int input, pid_t *ret_pid)
{
	struct answer a;
	int r;

	if (!s)
		return start(command, input, ret_pid);
	r = ask(s, &(struct request){ .kind = PROGRAM_START }, command, input, &a);
	if (r == 0)
		*ret_pid = a.pid;
	return r;
}

int program_poll(struct program_starter *s, pid_t pid, int *ret_status)
{
	struct answer a = { 0 };
	int r;

	if (!s)
		return poll_end(pid, ret_status);
	r = ask(s, &(struct request){ PROGRAM_POLL, pid }, NULL, -1, &a);
	*ret_status = a.status;
	return r;
}

void program_kill(struct program_starter *s, pid_t pid)
{
	struct answer a;

	if (s)
		(void)ask(s, &(struct request){ PROGRAM_KILL, pid }, NULL, -1, &a);
	else
		kill_group(pid);
}
