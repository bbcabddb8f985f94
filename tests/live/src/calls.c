/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls VERB ARG...: one system call (or a few) exactly as named, without a shell in between. What the live
 * tests do to be noticed, or to be missed. Several verbs may follow each other, joined by "+". Exit status:
 * 0, or 1 with errno's text.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*end || end == text) {
		fprintf(stderr, "calls: not a number: %s\n", text);
		exit(2);
	}
	return (int)n;
}

static int drain(int fd)
{
	char buffer[512];

	if (fd < 0)
		return -1;
	if (read(fd, buffer, sizeof(buffer)) < 0 && errno != EISDIR)
		return -1;
	return close(fd);
}

static int do_open(char **a)
{
	return drain((int)syscall(SYS_openat, AT_FDCWD, a[0], O_RDONLY));
}

/* openat DIR NAME: with a descriptor of DIR */
static int do_openat(char **a)
{
	int at = open(a[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return at < 0 ? -1 : drain(openat(at, a[1], O_RDONLY));
}

static int do_openat2(char **a)
{
	struct open_how how = { .flags = O_RDONLY };

	return drain((int)syscall(SYS_openat2, AT_FDCWD, a[0], &how, sizeof(how)));
}

static int do_chdir(char **a)
{
	return chdir(a[0]);
}

static int do_symlink(char **a)
{
	return symlink(a[0], a[1]);
}

static int do_link(char **a)
{
	return link(a[0], a[1]);
}

/* create PATH: O_CREAT, no O_TRUNC */
static int do_create(char **a)
{
	int fd = open(a[0], O_WRONLY | O_CREAT, 0644);

	return fd < 0 ? -1 : close(fd);
}

static int do_creat(char **a)
{
	int fd = creat(a[0], 0644);

	return fd < 0 ? -1 : close(fd);
}

static int open_by_handle(const char *path, int flags)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} u = { .h.handle_bytes = MAX_HANDLE_SZ };
	int id, at = open(".", O_RDONLY), fd; /* of the same file system */

	if (at < 0 || name_to_handle_at(AT_FDCWD, path, &u.h, &id, 0) < 0)
		return -1;
	fd = open_by_handle_at(at, &u.h, flags);
	return fd < 0 ? -1 : close(fd);
}

static int do_read_by_handle(char **a)
{
	return open_by_handle(a[0], O_RDONLY);
}

static int do_write_by_handle(char **a)
{
	return open_by_handle(a[0], O_WRONLY | O_TRUNC);
}

static int do_truncate_open(char **a)
{
	int fd = open(a[0], O_WRONLY | O_TRUNC);

	return fd < 0 ? -1 : close(fd);
}

static int do_append_open(char **a)
{
	int fd = open(a[0], O_WRONLY | O_APPEND);

	return fd < 0 ? -1 : close(fd);
}

static int do_rename(char **a)
{
	return rename(a[0], a[1]);
}

static int do_unlink(char **a)
{
	return unlink(a[0]);
}

static int do_traceme(char **a)
{
	(void)a;
	return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

/* attach: forks a child of its own and attaches to it by the named request */
static int attach(int request)
{
	pid_t child = fork();
	int status, r;

	if (child == 0) {
		pause();
		_exit(0);
	}
	r = (int)ptrace(request, child, NULL, NULL);
	if (r == 0 && request == PTRACE_ATTACH)
		waitpid(child, &status, 0);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	return r;
}

static int do_attach(char **a)
{
	(void)a;
	return attach(PTRACE_ATTACH);
}

static int do_seize(char **a)
{
	(void)a;
	return attach(PTRACE_SEIZE);
}

/* traceme-seize: asks to be traced itself, by who looks after nothing, so no signal may stop it */
static int do_traceme_seize(char **a)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	return do_traceme(a) < 0 ? -1 : attach(PTRACE_SEIZE);
}

/* peek: a ptrace request that changes nothing, and that fails */
static int do_peek(char **a)
{
	(void)a;
	ptrace(PTRACE_PEEKUSER, getppid(), NULL, NULL);
	return 0;
}

/* memfd FILE ARG...: copies FILE into memory and executes it there. execveat with an empty path */
static int run_memfd(char **a, int by_path)
{
	char buffer[65536], path[64];
	int in = open(a[0], O_RDONLY | O_CLOEXEC), fd = memfd_create("payload", 0);
	ssize_t n;

	if (in < 0 || fd < 0)
		return -1;
	while ((n = read(in, buffer, sizeof(buffer))) > 0)
		if (write(fd, buffer, (size_t)n) != n)
			return -1;
	fchmod(fd, 0700);
	if (by_path) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		execv(path, a);
	} else {
		syscall(SYS_execveat, fd, "", a, environ, AT_EMPTY_PATH);
	}
	return -1;
}

static int do_memfd(char **a)
{
	return run_memfd(a, 0);
}

static int do_memfd_path(char **a)
{
	return run_memfd(a, 1);
}

/* memory-map FILE ARG..., memory-shm FILE ARG...: as memfd, with memory that is no file's, shared or of shmget() */
static int run_mapped(char **a, int shm)
{
	int in = open(a[0], O_RDONLY | O_CLOEXEC);
	struct stat st;
	size_t size, n = 0;
	char path[64], *at;
	ssize_t got;

	if (in < 0 || fstat(in, &st) < 0)
		return -1;
	size = ((size_t)st.st_size + 4095) & ~(size_t)4095;
	if (shm) {
		int id = shmget(IPC_PRIVATE, size, 0700);

		at = shmat(id, NULL, 0);
		shmctl(id, IPC_RMID, NULL);
	} else {
		at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	}
	if (at == (void *)-1)
		return -1;
	while ((got = read(in, at + n, size - n)) > 0)
		n += (size_t)got;
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (unsigned long)at, (unsigned long)at + size);
	execv(path, a);
	return -1;
}

static int do_memory_map(char **a)
{
	return run_mapped(a, 0);
}

static int do_memory_shm(char **a)
{
	return run_mapped(a, 1);
}

/* exec FILE ARG0 ARG...: with another argument zero */
static int do_exec(char **a)
{
	execv(a[0], a + 1);
	return -1;
}

/*
 * fresh FILE TIMES: makes a program, executable from the beginning or not, that a child executes at once and
 * must not find busy
 */
static int do_fresh(char **a)
{
	static const char text[] = "#!/bin/true\n";

	for (int i = number(a[1]); i > 0; i--) {
		int go[2], fd, status;
		pid_t child;
		char c;

		if (pipe(go) < 0)
			return -1;
		child = fork();
		if (child == 0) {
			if (read(go[0], &c, 1) == 1)
				execl(a[0], a[0], NULL);
			_exit(errno);
		}
		unlink(a[0]);
		fd = open(a[0], O_WRONLY | O_CREAT | O_CLOEXEC, i % 2 ? 0700 : 0600);
		if (child < 0 || fd < 0 || write(fd, text, sizeof(text) - 1) < 0 ||
		    (i % 2 == 0 && fchmod(fd, 0700) < 0) || close(fd) < 0 || write(go[1], "", 1) < 0 ||
		    close(go[0]) < 0 || close(go[1]) < 0 || waitpid(child, &status, 0) < 0)
			return -1;
		errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
		if (status)
			return -1;
	}
	return 0;
}

static int do_setuid(char **a)
{
	/* the attempt is the point: refused or not */
	if (syscall(SYS_setuid, number(a[0])) < 0 && errno != EPERM)
		return -1;
	return 0;
}

static int do_setresuid(char **a)
{
	if (syscall(SYS_setresuid, number(a[0]), number(a[0]), number(a[0])) < 0 && errno != EPERM)
		return -1;
	return 0;
}

/* become UID: for good, and without keeping anything */
static int do_become(char **a)
{
	return setgid((gid_t)number(a[0])) || setuid((uid_t)number(a[0])) ? -1 : 0;
}

static int do_packet(char **a)
{
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	(void)a;
	return fd < 0 && errno != EPERM ? -1 : 0;
}

static int do_packet_dgram(char **a)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)a;
	return fd < 0 && errno != EPERM ? -1 : 0;
}

static int do_packet_old(char **a)
{
	int fd = socket(AF_INET, SOCK_PACKET, 0);

	(void)a;
	return fd < 0 && errno != EPERM ? -1 : 0;
}

static int do_udp(char **a)
{
	(void)a;
	return socket(AF_INET, SOCK_DGRAM, 0) < 0 ? -1 : 0;
}

static int connected(const char *ip, const char *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)number(port)) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	inet_pton(AF_INET, ip, &to.sin_addr);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return -1;
	return fd;
}

/* connect IP PORT */
static int do_connect(char **a)
{
	int fd = connected(a[0], a[1]);

	return fd < 0 ? -1 : close(fd);
}

/* dup-socket IP PORT: standard input and output become the connection, as a reverse shell has it */
static int do_dup_socket(char **a)
{
	int fd = connected(a[0], a[1]);

	return fd < 0 || dup2(fd, 0) < 0 || dup2(fd, 1) < 0 ? -1 : 0;
}

/* the same without dup2: descriptor 0 is closed, and dup takes the lowest number */
static int do_dup_lowest(char **a)
{
	int fd = connected(a[0], a[1]);

	if (fd < 0)
		return -1;
	close(0);
	return dup(fd) == 0 ? 0 : -1;
}

/* dup-high IP PORT: onto a descriptor that is no standard stream */
static int do_dup_high(char **a)
{
	int fd = connected(a[0], a[1]);

	return fd < 0 || dup2(fd, 20) < 0 ? -1 : 0;
}

static int do_init_module(char **a)
{
	static const char nothing[16];

	(void)a;
	syscall(SYS_init_module, nothing, sizeof(nothing), "");
	return 0;
}

static int do_finit_module(char **a)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)a;
	syscall(SYS_finit_module, fd, "", 0);
	return 0;
}

static int do_delete_module(char **a)
{
	(void)a;
	syscall(SYS_delete_module, "no_such_module", O_NONBLOCK);
	return 0;
}

static const struct verb {
	const char *name;
	int (*run)(char **a);
	int args; /* at least */
} verbs[] = {
	{ "open", do_open, 1 },
	{ "openat", do_openat, 2 },
	{ "openat2", do_openat2, 1 },
	{ "chdir", do_chdir, 1 },
	{ "symlink", do_symlink, 2 },
	{ "link", do_link, 2 },
	{ "create", do_create, 1 },
	{ "creat", do_creat, 1 },
	{ "read-by-handle", do_read_by_handle, 1 },
	{ "write-by-handle", do_write_by_handle, 1 },
	{ "truncate-open", do_truncate_open, 1 },
	{ "append-open", do_append_open, 1 },
	{ "rename", do_rename, 2 },
	{ "unlink", do_unlink, 1 },
	{ "traceme", do_traceme, 0 },
	{ "attach", do_attach, 0 },
	{ "seize", do_seize, 0 },
	{ "traceme-seize", do_traceme_seize, 0 },
	{ "peek", do_peek, 0 },
	{ "memfd", do_memfd, 1 },
	{ "memfd-path", do_memfd_path, 1 },
	{ "memory-map", do_memory_map, 1 },
	{ "memory-shm", do_memory_shm, 1 },
	{ "exec", do_exec, 2 },
	{ "fresh", do_fresh, 2 },
	{ "setuid", do_setuid, 1 },
	{ "setresuid", do_setresuid, 1 },
	{ "become", do_become, 1 },
	{ "packet", do_packet, 0 },
	{ "packet-dgram", do_packet_dgram, 0 },
	{ "packet-old", do_packet_old, 0 },
	{ "udp", do_udp, 0 },
	{ "connect", do_connect, 2 },
	{ "dup-socket", do_dup_socket, 2 },
	{ "dup-lowest", do_dup_lowest, 2 },
	{ "dup-high", do_dup_high, 2 },
	{ "init-module", do_init_module, 0 },
	{ "finit-module", do_finit_module, 0 },
	{ "delete-module", do_delete_module, 0 },
};

int main(int argc, char **argv)
{
	int i = 1;

	while (i < argc) {
		char **args = argv + i + 1;
		const struct verb *v = NULL;
		int n = 0;

		for (size_t k = 0; k < sizeof(verbs) / sizeof(verbs[0]); k++)
			if (strcmp(verbs[k].name, argv[i]) == 0)
				v = &verbs[k];
		while (i + 1 + n < argc && strcmp(args[n], "+") != 0)
			n++;
		if (!v || n < v->args) {
			fprintf(stderr, "calls: %s: unknown, or too few arguments\n", argv[i]);
			return 2;
		}
		if (v->run(args) < 0) {
			fprintf(stderr, "calls: %s: %s\n", argv[i], strerror(errno));
			return 1;
		}
		i += n + 2;
	}
	return 0;
}
