/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuse FOLDER HOW: mounts a file system in FOLDER whose server is a child, and uses it. serve-HOW mounts
 * and serves it alone, until it is killed, and use-HOW uses what another has mounted so (not user, layer, elsewhere).
 *   opens          the server opens a file of its own before it answers
 *   silent         it answers nothing; meanwhile other processes open files, and FOLDER-linked where that is there
 *   elsewhere      as silent, in a mount namespace of its own, and others open files there by links of /proc
 *   user           it is the file system of a user whom root may not look over the shoulder, used by that user
 *   program        the file is a program, which is executed, of a file system that cannot be written and of which
 *                  its server tells nothing (statfs)
 *   layer          as opens, through an overlay over FOLDER that has it as a layer
 *   layer-program  as program, likewise
 *   held           the server reads and makes nothing; processes have mapped the file and pass its page as an
 *                  argument, or make files; meanwhile others open
 *   copied         the server is not done with files that are closed (flush), and a process passes one to calls that
 *                  it is nothing for; meanwhile others open
 *   executing      as held, the file is executed, and another thread of that process opens others meanwhile
 *   locked         as held, a process waits for the server with its own memory locked, and another thread of it opens
 *                  others meanwhile
 *   closing        as copied, and a process that has it open executes a program, which closes it
 *   frames         as held, and a process whose frames lead into the mapped file makes a folder, FOLDER-made
 *   late           the server answers reads late, and what is passed so is the path of a file, which is opened
 *                  and then removed
 */
#include "waits.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define USER     12345
#define LIMIT_MS 5000 /* an open takes microseconds, on a machine that has time */
#define LATE_US	 500000
#define PAGE	 4096

#define REPLY_BYTES (1 << 17)

static const char text[] = "text of the file\n";
static const char *content = text;
static size_t content_len = sizeof(text) - 1;
static bool program, held, frames, late, copied, executing, locked, closing;
/* Who waits, and who goes on beside. */
enum step { BEGINS, READS, MAY_WAIT, WAITS, MAY_GO_ON, IS_DONE };
static struct shared {
	bool mute; /* nothing is told by statfs */
	enum step step; /* of a caller that is one of several */
	pid_t reader; /* who waits for a page before the caller does */
} *shared;

/* ---- the server ---------------------------------------------------------------------------------------- */

static void reply(int fd, uint64_t unique, int error, const void *body, size_t len)
{
	static char bytes[sizeof(struct fuse_out_header) + REPLY_BYTES];
	struct fuse_out_header head = { (uint32_t)(sizeof(head) + len), error, unique };

	memcpy(bytes, &head, sizeof(head));
	if (len)
		memcpy(bytes + sizeof(head), body, len);
	if (write(fd, bytes, head.len) < 0)
		_exit(1);
}

static void open_own(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);

	close(fd);
	fd = open("/", O_RDONLY | O_DIRECTORY);
	close(fd);
}

/* Two files: the folder, and "file" in it. Nothing that is told holds for longer than the call. */
static struct fuse_attr attributes(uint64_t node)
{
	return (struct fuse_attr){ .ino = node,
				   .nlink = 1,
				   .size = node == 1 ? 0 : content_len,
				   .mode = node == 1 ? S_IFDIR | 0777 : S_IFREG | 0755 };
}

static void read_content(int fd, uint64_t unique, const struct fuse_read_in *in)
{
	size_t at = in->offset < content_len ? in->offset : content_len, len = content_len - at;

	if (len > in->size)
		len = in->size;
	reply(fd, unique, 0, content + at, len < REPLY_BYTES ? len : REPLY_BYTES);
}

/* Who may write reads past the caches, which stay as they are until he maps the file. */
static uint32_t way_to_open(const char *body)
{
	bool writes = (((const struct fuse_open_in *)(const void *)body)->flags & O_ACCMODE) == O_RDWR;

	return locked && writes ? FOPEN_DIRECT_IO | FOPEN_KEEP_CACHE : 0;
}

static void answer(int fd, const struct fuse_in_header *head, const char *body)
{
	switch (head->opcode) {
	case FUSE_INIT:
		reply(fd, head->unique, 0, &(struct fuse_init_out){ .major = 7, .minor = 31, .max_write = 4096 },
		      sizeof(struct fuse_init_out));
		return;
	case FUSE_GETATTR:
		open_own();
		reply(fd, head->unique, 0, &(struct fuse_attr_out){ .attr = attributes(head->nodeid) },
		      sizeof(struct fuse_attr_out));
		return;
	case FUSE_LOOKUP:
		open_own();
		if (!strcmp(body, "unknown"))
			reply(fd, head->unique, 0, &(struct fuse_entry_out){ .entry_valid = 1000 },
			      sizeof(struct fuse_entry_out));
		else if (strcmp(body, "file") != 0)
			reply(fd, head->unique, -ENOENT, NULL, 0);
		else
			reply(fd, head->unique, 0, &(struct fuse_entry_out){ .nodeid = 2, .attr = attributes(2) },
			      sizeof(struct fuse_entry_out));
		return;
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		open_own();
		reply(fd, head->unique, 0, &(struct fuse_open_out){ .fh = 1, .open_flags = way_to_open(body) },
		      sizeof(struct fuse_open_out));
		return;
	case FUSE_READ:
		open_own();
		if (late)
			usleep(LATE_US);
		read_content(fd, head->unique, (const struct fuse_read_in *)body);
		return;
	case FUSE_UNLINK:
		open_own();
		reply(fd, head->unique, -EBUSY, NULL, 0);
		return;
	case FUSE_STATFS:
		open_own();
		reply(fd, head->unique, 0, &(struct fuse_statfs_out){ .st = { .bsize = 4096, .namelen = 255 } },
		      sizeof(struct fuse_statfs_out));
		return;
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_FLUSH:
		reply(fd, head->unique, 0, NULL, 0);
		return;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return;
	default:
		reply(fd, head->unique, -ENOSYS, NULL, 0);
	}
}

static bool is_held(uint32_t opcode)
{
	return opcode == FUSE_READ || opcode == FUSE_CREATE || opcode == FUSE_MKNOD || opcode == FUSE_MKDIR;
}

static _Noreturn void serve(int fd, bool silent)
{
	static _Alignas(8) char request[1 << 17];

	for (;;) {
		const struct fuse_in_header *head = (const void *)request;

		if (read(fd, request, sizeof(request)) < 0) {
			if (errno == EINTR || errno == ENOENT)
				continue;
			_exit(0);
		}
		if ((silent && head->opcode != FUSE_INIT) || (shared->mute && head->opcode == FUSE_STATFS) ||
		    (held && is_held(head->opcode)) || (copied && head->opcode == FUSE_FLUSH))
			continue;
		answer(fd, head, request + sizeof(*head));
	}
}

/* ---- who uses it --------------------------------------------------------------------------------------- */

static void told(const char *what, int result)
{
	printf("%s: %s\n", what, result < 0 ? strerror(errno) : "done");
}

static void show(const char *what, const char *path, int flags)
{
	char bytes[64] = "";
	int fd = open(path, flags);

	told(what, fd);
	if (fd >= 0 && !(flags & O_DIRECTORY) && read(fd, bytes, sizeof(bytes) - 1) > 0)
		printf("%s", bytes);
	close(fd);
}

static void use(const char *folder)
{
	char path[4096], link[4096];
	pid_t child;
	int status;

	snprintf(path, sizeof(path), "%s/file", folder);
	show("a file", path, O_RDONLY);
	show("the folder", folder, O_RDONLY | O_DIRECTORY);
	told("removed", unlink(path));
	snprintf(link, sizeof(link), "%s-link", folder);
	told("linked", symlink(path, link));
	show("by a link", link, O_RDONLY);
	told("link removed", unlink(link));
	snprintf(path, sizeof(path), "%s/none", folder);
	show("none", path, O_RDONLY);
	snprintf(path, sizeof(path), "%s/new", folder);
	show("a new one", path, O_RDWR | O_CREAT);
	told("entered", chdir(folder));
	show("from within", "file", O_RDONLY);
	told("removed from within", unlink("file"));
	fflush(stdout);
	child = fork();
	if (child == 0) {
		execl("file", "file", (char *)NULL);
		told("executed", -1);
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, &status, 0);
	told("left", chdir("/"));
}

/* What the file is then. */
static bool load_program(void)
{
	static char bytes[1 << 20];
	int fd = open("/bin/true", O_RDONLY);
	ssize_t n = read(fd, bytes, sizeof(bytes));

	close(fd);
	content = bytes;
	content_len = n > 0 ? (size_t)n : 0;
	return n > 0;
}

static void execute(const char *folder)
{
	char path[4096];
	pid_t child;
	int status;

	snprintf(path, sizeof(path), "%s/file", folder);
	child = fork();
	if (child == 0) {
		execl(path, "file", (char *)NULL);
		told("executed", -1);
		fflush(stdout);
		_exit(1);
	}
	waitpid(child, &status, 0);
	printf("the program: %d\n", status);
}

/* Pages of the file, of which each comes when it is asked for. */
static char *map_pages(const char *folder, size_t n)
{
	char path[4096], *pages;
	int fd;

	snprintf(path, sizeof(path), "%s/file", folder);
	fd = open(path, O_RDONLY);
	pages = mmap(NULL, n * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (pages == MAP_FAILED)
		_exit(2);
	madvise(pages, n * PAGE, MADV_RANDOM); /* nothing is read ahead */
	return pages;
}

static void call_with(int which, char *page, const char *folder)
{
	char *const argv[] = { page, NULL };
	char name[4096];

	switch (which) {
	case 0:
		close(open(page, O_RDONLY));
		return;
	case 1:
		mkdir(page, 0700);
		return;
	case 2:
		connect(socket(AF_INET, SOCK_DGRAM, 0), (const struct sockaddr *)(const void *)page,
			sizeof(struct sockaddr_storage));
		return;
	case 3:
		connect(socket(AF_UNIX, SOCK_STREAM, 0), (const struct sockaddr *)(const void *)page, 32);
		return;
	case 4:
		execv("/bin/true", argv);
		return;
	case 5:
		execv(page, argv);
		return;
	case 6:
		sendmsg(socket(AF_INET, SOCK_DGRAM, 0), (const struct msghdr *)(const void *)page, MSG_DONTWAIT);
		return;
	case 7:
		rename("/nowhere", page);
		return;
	}
	/* that there is no such name the kernel knows by then, and nobody is asked for it again */
	snprintf(name, sizeof(name), "%s/unknown", folder);
	access(name, F_OK);
	if (which == 8)
		close(open(name, O_WRONLY | O_CREAT | O_EXCL, 0600));
	else
		mkdir(name, 0700);
}

#define CALLS 10

static char content_of_pages[CALLS * PAGE];

/* A file below the root of a process, by the ways that there are. */
static void open_there(int which, pid_t there, const char *folder)
{
	char path[4096], link[4096];
	int root;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)there);
	switch (which) {
	case 0:
		snprintf(path, sizeof(path), "/proc/%d/root%s/file", (int)there, folder);
		close(open(path, O_RDONLY));
		return;
	case 1:
		snprintf(link, sizeof(link), "%s-root", folder);
		unlink(link);
		snprintf(path, sizeof(path), "%s-root%s/file", folder, folder);
		snprintf(link + sizeof(link) / 2, sizeof(link) / 2, "/proc/%d/root", (int)there);
		if (symlink(link + sizeof(link) / 2, link) == 0)
			close(open(path, O_RDONLY));
		return;
	case 2:
		root = open(path, O_PATH | O_DIRECTORY);
		snprintf(path, sizeof(path), "%s/file", folder + 1);
		close(openat(root, path, O_RDONLY));
		return;
	default:
		if (chdir(path) == 0) {
			snprintf(path, sizeof(path), "%s/file", folder + 1);
			unlink(path);
		}
	}
}

#define WAYS_THERE 4

/* Who has the file system in its mount namespace; 0 = the one that everybody has. */
static pid_t server_elsewhere;

/* By a program of its own: who makes namespaces opens files himself until it executes. */
static void execute_there(int which, const char *folder)
{
	char way[16], there[16];

	snprintf(way, sizeof(way), "%d", which);
	snprintf(there, sizeof(there), "%d", (int)server_elsewhere);
	execl("/proc/self/exe", "fuse", folder, "there", way, there, (char *)NULL);
}

/* Whoever reads the frames of the call needs the file's tables to find the one behind it. */
static __attribute__((noinline)) void make_from(void *place, const char *folder)
{
	void **back = (void **)__builtin_frame_address(0) + 1, *kept = *back;
	char name[4096];

	snprintf(name, sizeof(name), "%s-made", folder);
	*(void *volatile *)back = place;
	mkdir(name, 0700);
	*(void *volatile *)back = kept;
}

static void *stay(void *context)
{
	pause();
	return context;
}

static const char went_on[] = "the other thread went on\n";

static void set_step(enum step step)
{
	__atomic_store_n(&shared->step, step, __ATOMIC_RELEASE);
}

static void await_step(enum step step)
{
	struct timespec since;

	clock_gettime(CLOCK_MONOTONIC, &since);
	while (__atomic_load_n(&shared->step, __ATOMIC_ACQUIRE) < step && since_ms(&since) < AWAIT_MS)
		usleep(LOOK_US);
}

/* Until PID, whose call is about to be made, waits in it. */
static void await_sleep(pid_t pid)
{
	int state = open_state(pid), slept = 0;
	struct timespec since;

	clock_gettime(CLOCK_MONOTONIC, &since);
	while (!sleeps(state, &slept) && since_ms(&since) < AWAIT_MS)
		usleep(LOOK_US);
	close(state);
}

/* The first call that anybody looks at, when the first thread waits in one. */
static void *open_later(void *context)
{
	await_step(MAY_GO_ON);
	for (int i = 0; i < 3; i++)
		close(open("/", O_RDONLY | O_DIRECTORY));
	write(1, went_on, sizeof(went_on) - 1); /* printf() needs memory at first */
	set_step(IS_DONE);
	pause();
	return context;
}

static void execute_beside(const char *path)
{
	pthread_t other;

	pthread_create(&other, NULL, open_later, NULL);
	set_step(WAITS);
	execl(path, "file", (char *)NULL);
	told("executed", -1);
}

/* Who maps a file past the caches has what they hold of it removed first, of which one page is being read. */
static void map_beside(const char *folder, const char *path)
{
	pthread_t other;
	char *page;
	int fd;

	if (fork() == 0) {
		page = map_pages(folder, 1);
		shared->reader = getpid();
		set_step(READS);
		_exit(*page == 'x');
	}
	pthread_create(&other, NULL, open_later, NULL);
	fd = open(path, O_RDWR);
	await_step(MAY_WAIT);
	set_step(WAITS);
	mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
}

/* More than the threads that wait for such. */
static void pass_descriptors(const char *path)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = open(path, O_RDONLY);
	pthread_t other;

	pthread_create(&other, NULL, stay, NULL);
	for (int i = 0; i < 20; i++) {
		if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 || errno != ENOTSOCK)
			told("connected by a file", -1);
		if (syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) == 0 || errno != EBADF)
			told("a signal by a file", -1);
	}
	told("passed files", 0);
	fflush(stdout);
	set_step(IS_DONE);
	pause();
}

static void wait_elsewhere(const char *folder)
{
	struct timespec since;
	pid_t children[CALLS];
	char path[4096], *pages = held && !locked ? map_pages(folder, CALLS) : NULL;
	int n = held && !frames && !executing && !locked ? CALLS : server_elsewhere ? WAYS_THERE : 1;

	snprintf(path, sizeof(path), "%s/file", folder);
	for (int i = 0; i < n; i++) {
		children[i] = fork();
		if (children[i] != 0)
			continue;
		if (frames)
			make_from(pages, folder);
		else if (executing)
			execute_beside(path);
		else if (locked)
			map_beside(folder, path);
		else if (held)
			call_with(i, pages + i * PAGE, folder);
		else if (closing && open(path, O_RDONLY | O_CLOEXEC) >= 0)
			execl("/bin/true", "true", (char *)NULL);
		else if (copied)
			pass_descriptors(path);
		else if (server_elsewhere)
			execute_there(i, folder);
		else
			close(open(path, O_RDONLY));
		_exit(0);
	}
	if (locked) {
		await_step(READS);
		await_sleep(shared->reader);
		set_step(MAY_WAIT);
	}
	if (locked || executing) {
		await_step(WAITS);
		await_sleep(children[0]);
		set_step(MAY_GO_ON);
	}
	if (executing || (copied && !closing)) /* not if its memory is locked: it has no page then to go on with */
		await_step(IS_DONE);
	usleep(300000);
	clock_gettime(CLOCK_MONOTONIC, &since);
	for (int i = 0; i < 10; i++)
		close(open("/", O_RDONLY | O_DIRECTORY));
	snprintf(path, sizeof(path), "%s-linked", folder);
	close(open(path, O_RDONLY));
	if (since_ms(&since) > LIMIT_MS)
		printf("others waited, too\n");
	for (int i = 0; i < n; i++) {
		printf("caller %d %s\n", i, waitpid(children[i], NULL, WNOHANG) == 0 ? "waits" : "is gone");
		kill(children[i], SIGKILL);
	}
}

static void pass_late(const char *folder)
{
	char *pages = map_pages(folder, 2);

	show("by a late path", pages, O_RDONLY);
	told("removed by a late path", unlink(pages + PAGE));
}

/* What it has then: the path of a file twice, a page each. */
static bool load_paths(const char *folder)
{
	char *bytes = content_of_pages;
	int fd;

	snprintf(bytes, PAGE, "%s-target", folder);
	memcpy(bytes + PAGE, bytes, PAGE);
	fd = open(bytes, O_CREAT | O_WRONLY, 0600);
	return fd >= 0 && write(fd, "target\n", 7) == 7 && close(fd) == 0;
}

/* It cannot be written, since it has no upper layer. */
static bool lay_over(const char *folder)
{
	char options[8192];

	snprintf(options, sizeof(options), "lowerdir=%s:%s/..", folder, folder);
	return mount("overlay-test", folder, "overlay", 0, options) == 0;
}

/* The silent server's process has a mount namespace of its own. */
static int move_elsewhere(int fd, const char *folder, const char *options)
{
	int ready[2];
	char byte;

	if (pipe(ready) < 0)
		return -1;
	server_elsewhere = fork();
	if (server_elsewhere == 0) {
		if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("fuse-test", folder, "fuse", 0, options) < 0 || write(ready[1], "", 1) != 1)
			_exit(2);
		serve(fd, true);
	}
	close(ready[1]);
	return read(ready[0], &byte, 1) == 1 ? 0 : -1;
}

static bool user, silent, layer, elsewhere;

static bool read_how(const char *folder, const char *how)
{
	layer = !strncmp(how, "layer", 5);
	user = !strcmp(how, "user");
	elsewhere = !strcmp(how, "elsewhere");
	silent = !strcmp(how, "silent") || elsewhere;
	program = strstr(how, "program");
	frames = !strcmp(how, "frames");
	executing = !strcmp(how, "executing");
	locked = !strcmp(how, "locked");
	held = !strcmp(how, "held") || frames || executing || locked;
	late = !strcmp(how, "late");
	closing = !strcmp(how, "closing");
	copied = !strcmp(how, "copied") || closing;
	if (held || late) {
		content = content_of_pages;
		content_len = sizeof(content_of_pages);
	}
	return (!program || load_program()) && (!late || load_paths(folder));
}

static bool mount_it(int fd, const char *folder)
{
	char options[128];

	snprintf(options, sizeof(options), "fd=%d,rootmode=40777,user_id=%d,group_id=%d", fd, user ? USER : 0,
		 user ? USER : 0);
	return (elsewhere ? move_elsewhere(fd, folder, options) :
			    mount("fuse-test", folder, "fuse", program ? MS_RDONLY : 0, options)) == 0;
}

/* By a child, so that who tells the result is none of those who wait. */
static int use_it(const char *folder)
{
	pid_t child = fork();
	int status = 1;

	if (child == 0) {
		if (user && (setgid(USER) < 0 || setuid(USER) < 0))
			_exit(2);
		if (silent || held || copied)
			wait_elsewhere(folder);
		else if (late)
			pass_late(folder);
		else if (program)
			execute(folder);
		else
			use(folder);
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, &status, 0);
	return status != 0;
}

int main(int argc, char **argv)
{
	bool serves = argc == 3 && !strncmp(argv[2], "serve-", 6), uses = argc == 3 && !strncmp(argv[2], "use-", 4);
	int fd, result;
	pid_t server;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (argc == 5) {
		open_there(atoi(argv[3]), atoi(argv[4]), argv[1]);
		return 0;
	}
	if (argc != 3 || shared == MAP_FAILED || !read_how(argv[1], argv[2] + (serves ? 6 : uses ? 4 : 0)))
		return 2;
	if (uses)
		return use_it(argv[1]);
	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0 || !mount_it(fd, argv[1]))
		return 2;
	if (serves) {
		puts("serves");
		fflush(stdout);
		serve(fd, silent);
	}
	server = elsewhere ? server_elsewhere : fork();
	if (server == 0)
		serve(fd, silent);
	close(fd);
	if (layer && !lay_over(argv[1])) {
		told("an overlay", -1);
		fflush(stdout);
	}
	shared->mute = program;
	result = use_it(argv[1]);
	for (int i = 0; i <= layer && !elsewhere; i++)
		umount2(argv[1], MNT_DETACH);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return result;
}
