/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stall FOLDER HOW: a process waits in the kernel with a lock that calls about FOLDER need, for a page that nobody
 * gives it (userfaultfd); others make such calls meanwhile, and others again open what has nothing to do with it.
 * Then it is killed.
 *   folder   it lists FOLDER, where names are made, moved, removed and looked for
 *   file     it writes a file, which is cut off or has its mode changed
 *   frozen   nobody waits for a page: the file system that FOLDER lies on is frozen, and thawed at last
 *   killed   as folder; the callers are killed before it
 *   long     as folder, for seconds
 *   socket   it sends by a socket, of UDP and of TCP, that is connected, bound and sent by, and looked at
 *   socket-killed, socket-long   likewise
 *   events   it waits for events, by a descriptor that others take for one of a process
 *   proc     it lists /proc, which others then want to change
 *   lingering  it sends by a socket that waits, when it is closed, for who takes nothing, and all who have it are
 *            killed. Again and again, between two lines that are read
 *
 * Exit status: 0, 2 when nothing could be held, 77 where there is no userfaultfd.
 */
#include "waits.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/userfaultfd.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE	 4096
#define LIMIT_MS 1000 /* an open takes microseconds, on a machine that has time */
#define BEGIN_US 200000
#define LONG_US  3000000

static int page_told[2]; /* where the descriptors of pages go that are absent */

static void tell_page(int fd)
{
	char space[CMSG_SPACE(sizeof(fd))] = "", byte = 0;
	struct iovec bytes = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	if (sendmsg(page_told[1], &message, 0) != 1)
		_exit(2);
}

/* Whether somebody touches a page that was told. */
static bool page_touched(void)
{
	char space[CMSG_SPACE(sizeof(int))] = "", byte;
	struct iovec bytes = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)
	};
	struct pollfd coming = { page_told[0], POLLIN, 0 };
	int fd;
	bool touched;

	if (poll(&coming, 1, AWAIT_MS) != 1 || recvmsg(page_told[0], &message, MSG_CMSG_CLOEXEC) != 1 ||
	    !CMSG_FIRSTHDR(&message))
		return false;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	coming.fd = fd;
	touched = poll(&coming, 1, AWAIT_MS) == 1 && coming.revents & POLLIN;
	close(fd);
	return touched;
}

/* A page that whoever touches it waits for. */
static char *absent_page(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK); /* to be polled */

	area.range.start = (uintptr_t)page;
	area.range.len = PAGE;
	if (page == MAP_FAILED || fd < 0 || ioctl(fd, UFFDIO_API, &api) < 0 || ioctl(fd, UFFDIO_REGISTER, &area) < 0)
		_exit(2);
	tell_page(fd);
	return page;
}

static bool has_userfaultfd(void)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	return fd >= 0 && close(fd) == 0;
}

static struct sockaddr_in receiver = { .sin_family = AF_INET };
static int held_udp = -1, held_tcp = -1, held_events = -1;

/* Two sockets that are held, the one of TCP connected, and somebody who takes what is sent. */
static void make_sockets(void)
{
	struct sockaddr_in listener = { .sin_family = AF_INET };
	socklen_t len = sizeof(listener);
	int taker = socket(AF_INET, SOCK_DGRAM, 0), listening = socket(AF_INET, SOCK_STREAM, 0);

	receiver.sin_addr.s_addr = listener.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	held_udp = socket(AF_INET, SOCK_DGRAM, 0);
	held_tcp = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(taker, (struct sockaddr *)&receiver, sizeof(receiver)) < 0 ||
	    getsockname(taker, (struct sockaddr *)&receiver, &len) < 0 || listen(listening, 1) < 0 ||
	    getsockname(listening, (struct sockaddr *)&listener, &len) < 0 ||
	    connect(held_tcp, (struct sockaddr *)&listener, sizeof(listener)) < 0 ||
	    fcntl(held_tcp, F_SETFL, O_NONBLOCK) < 0)
		_exit(2);
}

static void *send_tcp(void *page)
{
	send(held_tcp, page, PAGE, 0);
	return NULL;
}

static void hold_sockets(void)
{
	pthread_t other;

	/* with more to come the bytes are collected, by who has the lock */
	if (pthread_create(&other, NULL, send_tcp, absent_page()) != 0)
		_exit(2);
	sendto(held_udp, absent_page(), 100, MSG_MORE, (struct sockaddr *)&receiver, sizeof(receiver));
	_exit(2);
}

/* That something has come already is to be told. */
static void make_events(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int ends[2];

	held_events = epoll_create1(0);
	if (pipe(ends) < 0 || write(ends[1], "", 1) != 1 || epoll_ctl(held_events, EPOLL_CTL_ADD, ends[0], &event) < 0)
		_exit(2);
}

static void hold(const char *how)
{
	int fd;

	if (!strcmp(how, "socket"))
		hold_sockets();
	if (!strcmp(how, "events"))
		_exit(epoll_wait(held_events, (struct epoll_event *)(void *)absent_page(), 1, -1) < 0);
	if (!strcmp(how, "file")) {
		fd = open("written", O_WRONLY);
		_exit(write(fd, absent_page(), PAGE) < 0);
	}
	fd = open(!strcmp(how, "proc") ? "/proc" : ".", O_RDONLY | O_DIRECTORY);
	_exit(syscall(SYS_getdents64, fd, absent_page(), PAGE) < 0);
}

/* A connected socket that waits for minutes when it is closed, with more to be sent than the other end takes. */
static int make_lingering(struct sockaddr_in *ret_peer)
{
	const struct linger linger = { 1, 120 };
	const int little = 4096, much = 1 << 20;
	static const char bytes[100000];
	struct sockaddr_in here = { .sin_family = AF_INET };
	socklen_t len = sizeof(here);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);

	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &little, sizeof(little)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &much, sizeof(much)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) < 0 ||
	    bind(listener, (struct sockaddr *)&here, len) < 0 || listen(listener, 1) < 0 ||
	    getsockname(listener, (struct sockaddr *)&here, &len) < 0 ||
	    connect(fd, (struct sockaddr *)&here, sizeof(here)) < 0 || accept(listener, NULL, NULL) < 0 ||
	    send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) <= 0)
		_exit(2);
	close(listener);
	*ret_peer = here;
	return fd;
}

/* Who watches has the last descriptors of that one, if it took some for the call that waits. */
static void linger_once(void)
{
	struct sockaddr_in peer;
	int fd = make_lingering(&peer);
	pid_t holder = fork(), caller;

	if (holder == 0)
		_exit(send(fd, absent_page(), PAGE, 0) < 0);
	usleep(20000);
	caller = fork();
	if (caller == 0)
		_exit(connect(fd, (struct sockaddr *)&peer, sizeof(peer)) < 0);
	close(fd);
	usleep(50000);
	kill(caller, SIGKILL);
	usleep(5000);
	kill(holder, SIGKILL);
	waitpid(caller, NULL, 0);
	waitpid(holder, NULL, 0);
}

static int linger_often(const char *folder)
{
	char path[PAGE];

	puts("begins");
	fflush(stdout);
	getchar();
	for (int i = 0; i < 24; i++)
		linger_once();
	snprintf(path, sizeof(path), "%s-behind", folder);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	close(open(path, O_RDONLY));
	puts("is done");
	fflush(stdout);
	getchar();
	return 0;
}

static int close_of(int fd)
{
	return fd < 0 ? -1 : close(fd);
}

static int make_new(void)
{
	return close_of(open("new", O_CREAT | O_EXCL | O_WRONLY, 0600));
}
static int append(void)
{
	return close_of(open("also", O_CREAT | O_APPEND | O_WRONLY, 0600));
}
static int look_for(void)
{
	char name[32];

	/* one that the kernel does not know not to be there */
	snprintf(name, sizeof(name), "%d-not-there", getpid());
	return close_of(open(name, O_RDONLY));
}
static int move(void)
{
	return rename("moved", "moved-away");
}
static int remove_name(void)
{
	return unlink("removed");
}
static int make_folder(void)
{
	return mkdir("folder", 0700);
}
static int make_link(void)
{
	return symlink("nowhere", "link");
}
static int cut_off(void)
{
	return close_of(open("written", O_WRONLY | O_TRUNC));
}
static int change_mode(void)
{
	return chmod("written", 0640);
}
static int give_name(void)
{
	return bind(held_udp, (struct sockaddr *)&receiver, sizeof(receiver));
}
static int give_peer(void)
{
	return connect(held_udp, (struct sockaddr *)&receiver, sizeof(receiver));
}
static int send_one(void)
{
	return (int)sendto(held_udp, "one", 3, 0, (struct sockaddr *)&receiver, sizeof(receiver)) - 3;
}
static int send_many(void)
{
	static char text[] = "many";
	struct iovec bytes = { text, 4 };
	struct msghdr h = {
		.msg_name = &receiver, .msg_namelen = sizeof(receiver), .msg_iov = &bytes, .msg_iovlen = 1
	};
	struct mmsghdr messages[3] = { { .msg_hdr = h }, { .msg_hdr = h }, { .msg_hdr = h } };
	int n = sendmmsg(held_udp, messages, 3, 0);

	return n == 3 && messages[0].msg_len == 4 && messages[1].msg_len == 4 && messages[2].msg_len == 4 ? 0 : -1;
}
static int give_peer_again(void)
{
	return connect(held_tcp, (struct sockaddr *)&receiver, sizeof(receiver));
}
static int send_stream(void)
{
	return (int)sendto(held_tcp, "stream", 6, 0, NULL, 0) - 6;
}
/* Nobody waits for these natively, whatever rules want to know of the socket. */
static int look_at_sockets(void)
{
	return close_of(dup(held_udp)) + close_of(dup(held_tcp));
}
/* It is no process, which nobody has to wait for to know. */
static int signal_events(void)
{
	return syscall(SYS_pidfd_send_signal, held_events, 0, NULL, 0) < 0 && errno == EBADF ? 0 : -1;
}
static int change_proc(void)
{
	return chmod("/proc", 0555);
}
/* Who does not wait natively. */
enum passes { NEVER, UNLESS_FROZEN, IF_FROZEN, ALWAYS };
static const struct act {
	const char *how, *name;
	int (*call)(void);
	enum passes passes;
} acts[] = {
	{ "folder", "make", make_new, NEVER },
	{ "folder", "append", append, UNLESS_FROZEN },
	{ "folder", "look for", look_for, IF_FROZEN },
	{ "folder", "move", move, NEVER },
	{ "folder", "remove", remove_name, NEVER },
	{ "folder", "make a folder", make_folder, NEVER },
	{ "folder", "make a link", make_link, NEVER },
	{ "file", "cut off", cut_off, NEVER },
	{ "file", "change the mode", change_mode, NEVER },
	{ "events", "take events for a process", signal_events, ALWAYS },
	{ "proc", "change /proc", change_proc, NEVER },
	{ "socket", "look at sockets", look_at_sockets, ALWAYS },
	{ "socket", "send by TCP", send_stream, NEVER },
	{ "socket", "give a name", give_name, NEVER },
	{ "socket", "give a peer", give_peer, NEVER },
	{ "socket", "send many", send_many, NEVER },
	{ "socket", "send", send_one, NEVER },
	{ "socket", "give another peer", give_peer_again, NEVER },
};

#define ACTS (sizeof(acts) / sizeof(acts[0]))

/* What is held, and how it goes on. */
static const struct way {
	const char *name, *held;
	bool killed, is_long;
} ways[] = {
	{ "folder", "folder", false, false },	   { "file", "file", false, false },
	{ "frozen", "folder", false, false },	   { "killed", "folder", true, false },
	{ "long", "folder", false, true },	   { "socket", "socket", false, false },
	{ "socket-killed", "socket", true, false }, { "socket-long", "socket", false, true },
	{ "events", "events", false, false },	    { "proc", "proc", false, false },
};

static const struct way *find_way(const char *name)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(ways[i].name, name))
			return &ways[i];
	return NULL;
}

static void prepare(void)
{
	static const char *const names[] = { "moved", "removed", "written", "also" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		close(open(names[i], O_CREAT | O_WRONLY, 0600));
}

/* Of a new program more is looked at than of others. */
static void execute(const char *program)
{
	pid_t child = fork();

	if (child == 0) {
		execl(program, program, (char *)NULL);
		_exit(2);
	}
	waitpid(child, NULL, 0);
}

/* How many ms it takes. */
static long make_calls(const char *program, const char *folder, const char *path)
{
	struct timespec since;

	clock_gettime(CLOCK_MONOTONIC, &since);
	for (int i = 0; i < 10; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);
		struct sockaddr_in own = { .sin_family = AF_INET };

		execute(program);
		close(open(folder, O_RDONLY | O_DIRECTORY));
		close(open(path, O_CREAT | O_WRONLY, 0600));
		unlink(path);
		if (receiver.sin_port && (bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0 ||
					  sendto(fd, "other", 5, 0, (struct sockaddr *)&receiver, sizeof(receiver)) != 5))
			printf("others cannot send\n");
		close(fd);
	}
	return since_ms(&since);
}

/* BEFORE is what as many calls took when nobody was held up. */
static void use_others(const char *folder, long before)
{
	char path[PAGE];

	snprintf(path, sizeof(path), "%s-other", folder);
	if (make_calls("/bin/true", "/", path) > LIMIT_MS + 10 * before)
		printf("others waited, too\n");
}

static bool begin(const struct way *way, int folder, pid_t *ret_holder)
{
	*ret_holder = 0;
	if (!strcmp(way->name, "frozen"))
		return ioctl(folder, FIFREEZE, 0) == 0;
	*ret_holder = fork();
	if (*ret_holder == 0)
		hold(way->held);
	for (int pages = !strcmp(way->held, "socket") ? 2 : 1; pages > 0; pages--)
		if (!page_touched())
			return false;
	usleep(BEGIN_US); /* it may have been somebody who watches */
	return waitpid(*ret_holder, NULL, WNOHANG) == 0;
}

static bool is_done(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid;
}

/* Who makes a call. */
static struct caller {
	pid_t pid;
	int state; /* a look for that later may be held up, too */
} callers[ACTS];
static enum step { MADE, GOES, CALLS } *steps; /* shared: of each */

static void start_caller(size_t i)
{
	callers[i].pid = fork();
	if (callers[i].pid == 0) {
		while (__atomic_load_n(&steps[i], __ATOMIC_ACQUIRE) != GOES)
			usleep(1000);
		__atomic_store_n(&steps[i], CALLS, __ATOMIC_RELEASE);
		_exit(acts[i].call() < 0 ? errno : 0);
	}
	callers[i].state = open_state(callers[i].pid);
	__atomic_store_n(&steps[i], GOES, __ATOMIC_RELEASE);
}

/* Until its call is made, or waits. */
static void await_caller(size_t i, bool frozen)
{
	enum passes passes = acts[i].passes;
	bool waits = passes == NEVER || passes == (frozen ? UNLESS_FROZEN : IF_FROZEN);
	struct timespec since;
	int slept = 0;

	clock_gettime(CLOCK_MONOTONIC, &since);
	while (!is_done(callers[i].pid) && since_ms(&since) < AWAIT_MS) {
		usleep(LOOK_US);
		if (waits && __atomic_load_n(&steps[i], __ATOMIC_ACQUIRE) == CALLS && sleeps(callers[i].state, &slept))
			break;
	}
	close(open("/", O_RDONLY | O_DIRECTORY)); /* who watches sees one call after the other */
}

int main(int argc, char **argv)
{
	const struct way *way = argc == 3 ? find_way(argv[2]) : NULL;
	pid_t holder;
	int folder, status;
	long before;
	char path[PAGE];

	steps = mmap(NULL, ACTS * sizeof(*steps), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (steps == MAP_FAILED || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, page_told) < 0)
		return 2;
	if (argc == 3 && !strcmp(argv[2], "lingering"))
		return has_userfaultfd() ? linger_often(argv[1]) : 77;
	if (!way || chdir(argv[1]) < 0)
		return 2;
	if (strcmp(way->name, "frozen") && !has_userfaultfd())
		return 77;
	folder = open(".", O_RDONLY | O_DIRECTORY);
	if (!strcmp(way->held, "socket"))
		make_sockets();
	if (!strcmp(way->held, "events"))
		make_events();
	prepare();
	snprintf(path, sizeof(path), "%s-before", argv[1]);
	before = make_calls("/bin/false", "/dev", path);
	if (!begin(way, folder, &holder))
		return 2;
	for (size_t i = 0; i < ACTS; i++) {
		if (strcmp(acts[i].how, way->held))
			continue;
		start_caller(i);
		await_caller(i, !holder);
	}
	usleep(way->is_long ? LONG_US : BEGIN_US);
	use_others(argv[1], before);
	for (size_t i = 0; i < ACTS; i++) {
		if (callers[i].pid)
			printf("%s: %s\n", acts[i].name, is_done(callers[i].pid) ? "is done" : "waits");
		if (callers[i].pid && way->killed)
			kill(callers[i].pid, SIGKILL);
	}
	fflush(stdout);
	if (holder)
		kill(holder, SIGKILL);
	else
		ioctl(folder, FITHAW, 0);
	for (size_t i = 0; i < ACTS; i++)
		if (callers[i].pid && waitpid(callers[i].pid, &status, 0) == callers[i].pid && !way->killed)
			printf("%s: %s\n", acts[i].name, strerror(WEXITSTATUS(status)));
	return 0;
}
