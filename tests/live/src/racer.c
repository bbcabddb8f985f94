/* SPDX-License-Identifier: Apache-2.0 */
/*
 * racer WAY FOLDER WINS: opens FOLDER/evasion-decoys while something else turns that name into
 * FOLDER/evasion-secret, until WINS opens got the secret. After each open the file FOLDER/mark-win or
 * FOLDER/mark-loss is opened, so that the order of the alerts tells which attempt each belongs to. Exit
 * status: 0, 1 when a call fails, 3 when the wins do not come.
 *
 *   thread    a second thread writes the path
 *   process   another process writes it, through shared memory
 *   mem       another process writes it through /proc/PID/mem
 *   vm        another process writes it by process_vm_writev
 *   file      the path lies in a private page of a file, which another process writes
 *   symlink   another process turns the symbolic link FOLDER/evasion-link about
 *   folder    another process exchanges the folders FOLDER/one and FOLDER/two
 *   mount     another process lays FOLDER/one and FOLDER/two over FOLDER/three in turn
 *   fault     the page of the path is missing; a thread fills it in (userfaultfd) when it is first read
 *   dup-open  a process that shares the descriptors puts another file over the opened one
 *   connect-udp, connect-tcp
 *             a second thread writes the address that a socket is connected to; the secret is 127.0.0.66
 *   connect-fast
 *             the same of a connection that is made when something is sent
 *   connect-later, connect-code
 *             as racer.h says
 *   send-to, send-message, send-messages
 *             a second thread writes the address that a datagram (of the last: the second one) is sent to
 *   send-flags
 *             the same of a datagram with flags that the kernel passes over
 *   bind-space
 *             a second thread writes the address that a socket is bound to, in a user namespace of its own
 *   unlink, rename
 *             a second thread writes the name that is removed or moved; the secret is FOLDER/removal-secret
 *   unmap, unmap-rename
 *             a second thread maps and unmaps the page of the path, which has the secret's name alone
 *   connect-process, connect-mem, connect-vm, connect-file, connect-fault
 *             the same from elsewhere: as process, mem, vm, file and fault write the path
 *   dup       a process that shares the descriptors puts another socket over the connected one
 *   unspec    the same takes the address away from the connected one
 *   argv      a second thread writes the arguments of a program that is executed; the secret is "telling-argument"
 *   argv-process, argv-mem, argv-vm, argv-file, argv-fault
 *             the same from elsewhere
 *   dirfd a process that shares the descriptors puts FOLDER/one and FOLDER/two over the one that the path is
 *   relative to
 *   cwd       another process that shares the working directory changes it
 *   connect-unix, bind-unix
 *             a second thread writes the name that a unix socket is connected or bound to; the secret is
 *             FOLDER/socket-secret
 *   connect-unix-vm
 *             another process writes it by process_vm_writev
 *   user, user-unlink
 *             like thread and unlink, by a user other than the one that the racer began as
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/userfaultfd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "racer.h"

enum { PATH_ROOM = 4096, MOST_TURNS = 60000, PAUSE_US = 20 };
enum who { SAME_USER, OTHER_USER, OWN_SPACE }; /* whom it becomes: the last in a user namespace of its own */

static char names[2][PATH_ROOM]; /* decoy, secret: of the same length */
static const char *folder;
static char *path; /* what is opened; where the texts are written */
static const void *texts[2] = { names[0], names[1] }; /* what is written there: of the decoy, of the secret */
static size_t text_len; /* of both */
static int out = -1;
static pid_t victim;

static void store(int which)
{
	const char *text = texts[which];

	for (size_t i = 0; i < text_len; i++)
		((volatile char *)path)[i] = text[i];
}

static void store_mem(int which)
{
	if (pwrite(out, texts[which], text_len, (off_t)(unsigned long)path) < 0)
		_exit(1);
}

static void store_vm(int which)
{
	struct iovec from = { (void *)texts[which], text_len }, to = { path, text_len };

	process_vm_writev(victim, &from, 1, &to, 1, 0);
}

static void store_file(int which)
{
	if (pwrite(out, texts[which], text_len, 0) < 0)
		_exit(1);
}

static void turn_link(int which)
{
	char fresh[PATH_ROOM];

	snprintf(fresh, sizeof(fresh), "%s/fresh-link", folder);
	if (symlink(names[which], fresh) == 0)
		rename(fresh, path);
}

static void exchange(int which)
{
	char one[PATH_ROOM], two[PATH_ROOM];

	(void)which;
	snprintf(one, sizeof(one), "%s/one", folder);
	snprintf(two, sizeof(two), "%s/two", folder);
	renameat2(AT_FDCWD, one, AT_FDCWD, two, RENAME_EXCHANGE);
}

static void move(int which)
{
	char where[PATH_ROOM];

	snprintf(where, sizeof(where), "%s/%s", folder, which ? "two" : "one");
	if (chdir(where))
		_exit(1);
}

static void lay_over(int which)
{
	char from[PATH_ROOM], over[PATH_ROOM];

	snprintf(from, sizeof(from), "%s/%s", folder, which ? "two" : "one");
	snprintf(over, sizeof(over), "%s/three", folder);
	umount2(over, MNT_DETACH);
	mount(from, over, NULL, MS_BIND, NULL);
}

/* ---- a page that comes and goes ---- */

#define LOW_PAGE ((char *)0x10000000) /* where the kernel puts nothing unasked */

static void map_or_unmap(int which)
{
	char *fresh;

	if (!which) {
		munmap(path, PATH_ROOM);
		return;
	}
	fresh = mmap(NULL, PATH_ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fresh == MAP_FAILED)
		return;
	snprintf(fresh, PATH_ROOM, "%s", names[1]);
	mremap(fresh, PATH_ROOM, PATH_ROOM, MREMAP_MAYMOVE | MREMAP_FIXED, path);
}

/* ---- a page that comes late ---- */

static int faults = -1;

static int make_faults(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .range = { (unsigned long)path, PATH_ROOM },
					 .mode = UFFDIO_REGISTER_MODE_MISSING };

	faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	return faults < 0 || ioctl(faults, UFFDIO_API, &api) || ioctl(faults, UFFDIO_REGISTER, &range) ? -1 : 0;
}

static void fill_page(int which)
{
	static char page[PATH_ROOM] __attribute__((aligned(PATH_ROOM)));
	struct uffdio_copy copy = { .dst = (unsigned long)path, .src = (unsigned long)page, .len = PATH_ROOM };
	struct uffd_msg message;

	if (read(faults, &message, sizeof(message)) != sizeof(message))
		return;
	memcpy(page, texts[which], text_len);
	close(open("/dev/null",
		   O_RDONLY)); /* who fills the page in makes calls, too: nobody may wait for the page meanwhile */
	ioctl(faults, UFFDIO_COPY, &copy);
}

/* ---- sockets and arguments ---- */

static struct sockaddr_in addresses[2] = { { AF_INET, 0, { 0 }, { 0 } }, { AF_INET, 0, { 0 }, { 0 } } };
static int contended = -1, other_socket = -1;

static void write_addresses(in_port_t port)
{
	for (int which = 0; which < 2; which++) {
		addresses[which].sin_port = port;
		addresses[which].sin_addr.s_addr = htonl(which ? 0x7f000042 : 0x7f00004d);
		texts[which] = &addresses[which];
	}
	text_len = sizeof(addresses[0]);
}

static void put_over(int which)
{
	if (which)
		dup2(other_socket, contended);
}

static int folders[2] = { -1, -1 };

static void change_folder(int which)
{
	dup2(folders[which], contended);
}

static void take_away(int which)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	if (which)
		connect(contended, &none, sizeof(none));
}

/* Takes datagrams to the secret address and to the decoy. */
static int receivers[2];

static int take_datagrams(void)
{
	write_addresses(0);
	for (int which = 1; which >= 0; which--) {
		struct sockaddr_in *address = &addresses[which];
		socklen_t len = sizeof(*address);

		receivers[which] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
		if (bind(receivers[which], (struct sockaddr *)address, len) ||
		    getsockname(receivers[which], (struct sockaddr *)address, &len))
			return -1;
		write_addresses(address->sin_port);
	}
	contended = socket(AF_INET, SOCK_DGRAM, 0);
	return 0;
}

/* 1 = the secret address got it */
static int attempt_send(int number, int flags)
{
	struct sockaddr_in *address = (struct sockaddr_in *)path;
	struct iovec bytes = { (char *)"x", 1 };
	struct msghdr header = {
		.msg_name = address, .msg_namelen = sizeof(*address), .msg_iov = &bytes, .msg_iovlen = 1
	};
	struct mmsghdr both[2] = { { .msg_hdr = header }, { .msg_hdr = header } };
	char byte;
	int won;

	both[0].msg_hdr.msg_name = &addresses[0];
	if (number == SYS_sendto)
		sendto(contended, "x", 1, flags, (struct sockaddr *)address, sizeof(*address));
	else if (number == SYS_sendmsg)
		sendmsg(contended, &header, 0);
	else
		sendmmsg(contended, both, 2, 0);
	won = recv(receivers[1], &byte, 1, 0) == 1;
	while (recv(receivers[0], &byte, 1, 0) == 1)
		;
	return won;
}

/* 1 = the secret is gone */
static int attempt_removal(int moves, unsigned int flags)
{
	char moved[PATH_ROOM];

	for (int i = 0; i < 2; i++)
		close(open(names[i], O_CREAT | O_WRONLY, 0600));
	snprintf(moved, sizeof(moved), "%s/moved", folder);
	if (flags) {
		unlink(moved);
		syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, moved, flags);
	} else if (moves) {
		rename(path, moved);
	} else {
		unlink(path);
	}
	return access(names[1], F_OK) != 0;
}

/* Takes connections to all addresses, for ever. */
static void serve(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	socklen_t len = sizeof(any);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, 64) ||
	    getsockname(fd, (struct sockaddr *)&any, &len))
		exit(1);
	write_addresses(any.sin_port);
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			close(accept(fd, NULL, NULL));
	}
	close(fd);
}

/* 1 = connected to the secret. The copy tells, whatever became of the number. */
static int attempt_connect(int type, int number)
{
	struct linger at_once = { 1, 0 }; /* ports are not used up */
	struct sockaddr_in peer = { 0 }, *address = number >= 0 ? &addresses[1] : (struct sockaddr_in *)path;
	socklen_t len = sizeof(peer);
	int fd = socket(AF_INET, type, 0), copy = dup(fd), r, won;

	if (number >= 0) {
		dup2(fd, number);
		close(fd);
		fd = number;
	}
	setsockopt(copy, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	r = connect(fd, (struct sockaddr *)address, sizeof(*address));
	won = r == 0 && getpeername(copy, (struct sockaddr *)&peer, &len) == 0 &&
	      peer.sin_addr.s_addr == htonl(0x7f000042);
	close(copy);
	if (number < 0)
		close(fd);
	return won;
}

/* Both names of unix sockets, or the folder that they are made in. */
static struct sockaddr_un *unix_address;

static int prepare_unix(int listens)
{
	int room = (int)sizeof(unix_address->sun_path);

	unix_address = mmap(NULL, PATH_ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (unix_address == MAP_FAILED)
		return -1;
	unix_address->sun_family = AF_UNIX;
	for (int i = 0; i < 2; i++) {
		int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

		if (snprintf(names[i], PATH_ROOM, "%s/socket-%s", folder, i ? "secret" : "decoys") >= room)
			return -1;
		unlink(names[i]);
		snprintf(unix_address->sun_path, sizeof(unix_address->sun_path), "%s", names[i]);
		if (listens && bind(fd, (struct sockaddr *)unix_address, sizeof(*unix_address)))
			return -1;
	}
	path = unix_address->sun_path;
	text_len = strlen(names[0]) + 1;
	return 0;
}

static int become(enum who user)
{
	if (user == OWN_SPACE)
		return unshare(CLONE_NEWUSER);
	return chmod(folder, 01777) || setgroups(0, NULL) || setresgid(12346, 12346, 12346) ||
	       setresuid(12345, 12345, 12345);
}

static const struct way {
	const char *name, *opened; /* NULL: one of the names, in memory that is written to */
	void (*turn)(int which);
	enum { THREAD, PROCESS, SHARING_FOLDER, SHARING_FDS } by;
	enum {
		OPENING,
		OPENING_SECRET,
		CONNECTING_UDP,
		CONNECTING_TCP,
		CONNECTING_FIXED,
		CONNECTING_LATER,
		CONNECTING_FAST,
		CONNECTING_BY_CODE,
		BINDING,
		EXECUTING,
		SENDING,
		SENDING_FLAGS,
		SENDING_MESSAGE,
		SENDING_MESSAGES,
		REMOVING,
		MOVING,
		OPENING_UNMAPPED,
		MOVING_UNMAPPED,
		OPENING_AT,
		CONNECTING_UNIX,
		BINDING_UNIX
	} what;
	enum who user;
} ways[] = {
	{ "thread", NULL, store, THREAD, OPENING, 0 },
	{ "process", NULL, store, PROCESS, OPENING, 0 },
	{ "mem", NULL, store_mem, PROCESS, OPENING, 0 },
	{ "vm", NULL, store_vm, PROCESS, OPENING, 0 },
	{ "file", NULL, store_file, PROCESS, OPENING, 0 },
	{ "symlink", "%s/evasion-link", turn_link, PROCESS, OPENING, 0 },
	{ "folder", "%s/one/file", exchange, PROCESS, OPENING, 0 },
	{ "cwd", "file", move, SHARING_FOLDER, OPENING, 0 },
	{ "mount", "%s/three/file", lay_over, PROCESS, OPENING, 0 },
	{ "fault", NULL, fill_page, THREAD, OPENING, 0 },
	{ "dup-open", NULL, put_over, SHARING_FDS, OPENING_SECRET, 0 },
	{ "dirfd", "file", change_folder, SHARING_FDS, OPENING_AT, 0 },
	{ "connect-udp", NULL, store, THREAD, CONNECTING_UDP, 0 },
	{ "connect-tcp", NULL, store, THREAD, CONNECTING_TCP, 0 },
	{ "connect-later", NULL, store, THREAD, CONNECTING_LATER, 0 },
	{ "connect-fast", NULL, store, THREAD, CONNECTING_FAST, 0 },
	{ "connect-code", NULL, store_code, THREAD, CONNECTING_BY_CODE, 0 },
	{ "connect-process", NULL, store, PROCESS, CONNECTING_TCP, 0 },
	{ "connect-mem", NULL, store_mem, PROCESS, CONNECTING_UDP, 0 },
	{ "connect-vm", NULL, store_vm, PROCESS, CONNECTING_TCP, 0 },
	{ "connect-file", NULL, store_file, PROCESS, CONNECTING_UDP, 0 },
	{ "connect-fault", NULL, fill_page, THREAD, CONNECTING_UDP, 0 },
	{ "dup", NULL, put_over, SHARING_FDS, CONNECTING_FIXED, 0 },
	{ "unspec", NULL, take_away, SHARING_FDS, CONNECTING_FIXED, 0 },
	{ "bind-space", NULL, store, THREAD, BINDING, OWN_SPACE },
	{ "send-to", NULL, store, THREAD, SENDING, 0 },
	{ "send-flags", NULL, store, THREAD, SENDING_FLAGS, 0 },
	{ "send-message", NULL, store, THREAD, SENDING_MESSAGE, 0 },
	{ "send-messages", NULL, store, THREAD, SENDING_MESSAGES, 0 },
	{ "unlink", NULL, store, THREAD, REMOVING, 0 },
	{ "rename", NULL, store, THREAD, MOVING, 0 },
	{ "unmap", NULL, map_or_unmap, THREAD, OPENING_UNMAPPED, 0 },
	{ "unmap-rename", NULL, map_or_unmap, THREAD, MOVING_UNMAPPED, 0 },
	{ "argv", NULL, store, THREAD, EXECUTING, 0 },
	{ "argv-process", NULL, store, PROCESS, EXECUTING, 0 },
	{ "argv-mem", NULL, store_mem, PROCESS, EXECUTING, 0 },
	{ "argv-vm", NULL, store_vm, PROCESS, EXECUTING, 0 },
	{ "argv-file", NULL, store_file, PROCESS, EXECUTING, 0 },
	{ "argv-fault", NULL, fill_page, THREAD, EXECUTING, 0 },
	{ "connect-unix", NULL, store, THREAD, CONNECTING_UNIX, 0 },
	{ "connect-unix-vm", NULL, store_vm, PROCESS, CONNECTING_UNIX, 0 },
	{ "bind-unix", NULL, store, THREAD, BINDING_UNIX, 0 },
	{ "user", NULL, store, THREAD, OPENING, OTHER_USER },
	{ "user-unlink", NULL, store, THREAD, REMOVING, OTHER_USER },
};

static void *turn_for_ever(void *arg)
{
	const struct way *w = arg;

	for (;;) {
		w->turn(1);
		usleep(PAUSE_US);
		w->turn(0);
		usleep(PAUSE_US);
	}
	return NULL;
}

static int child(void *arg)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	turn_for_ever(arg);
	return 0;
}

/* Where the texts are written, and the first of them. */
static int make_room(const struct way *w)
{
	char name[PATH_ROOM];
	int flags = w->by == PROCESS && w->turn == store ? MAP_SHARED : MAP_PRIVATE;

	if (w->turn == map_or_unmap) {
		flags |= MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
		path = mmap(LOW_PAGE, PATH_ROOM, PROT_READ | PROT_WRITE, flags, -1, 0);
	} else if (w->turn == store_file) {
		snprintf(name, sizeof(name), "%s/page", folder);
		out = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
		if (out < 0 || ftruncate(out, PATH_ROOM))
			return -1;
		store_file(0);
		path = mmap(NULL, PATH_ROOM, PROT_READ, flags, out, 0);
	} else {
		path = mmap(NULL, PATH_ROOM, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
	}
	if (path == MAP_FAILED)
		return -1;
	if (w->turn == fill_page)
		return make_faults();
	if (w->turn == store_mem) {
		snprintf(name, sizeof(name), "/proc/%d/mem", victim);
		out = open(name, O_RDWR);
	}
	if (w->opened)
		snprintf(path, PATH_ROOM, w->opened, folder);
	else if (w->what == OPENING_SECRET)
		snprintf(path, PATH_ROOM, "%s", names[1]);
	else if (w->turn != store_file && w->turn != map_or_unmap)
		store(0);
	return w->turn == store_mem && out < 0 ? -1 : 0;
}

/* What each kind of attempt is about. */
static int prepare(const struct way *w)
{
	char name[PATH_ROOM];

	switch (w->what) {
	case EXECUTING:
		texts[0] = "nothing-whatever";
		texts[1] = "telling-argument";
		text_len = strlen("telling-argument") + 1;
		return 0;
	case OPENING_SECRET:
		other_socket = open(names[0], O_RDONLY);
		contended = dup(other_socket);
		close(contended); /* the next that is opened has this number */
		return 0;
	case OPENING_AT:
		for (int i = 0; i < 2; i++) {
			snprintf(name, sizeof(name), "%s/%s", folder, i ? "two" : "one");
			folders[i] = open(name, O_PATH | O_DIRECTORY);
		}
		contended = dup2(folders[0], 100);
		return 0;
	case SENDING:
	case SENDING_FLAGS:
	case SENDING_MESSAGE:
	case SENDING_MESSAGES:
		return take_datagrams();
	case REMOVING:
	case MOVING:
	case MOVING_UNMAPPED:
		for (int i = 0; i < 2; i++)
			snprintf(names[i], PATH_ROOM, "%s/removal-%s", folder, i ? "secret" : "decoys");
		text_len = strlen(names[0]) + 1;
		return 0;
	case CONNECTING_FIXED:
		contended = dup2(socket(AF_INET, SOCK_STREAM, 0), 100);
		other_socket = socket(AF_INET, SOCK_DGRAM, 0);
		serve();
		return 0;
	case CONNECTING_UDP:
	case CONNECTING_TCP:
	case CONNECTING_FAST:
	case CONNECTING_BY_CODE:
		serve();
		return 0;
	case BINDING:
		write_addresses(0);
		return 0;
	case CONNECTING_LATER:
		return serve_nobody(write_addresses);
	default:
		return 0;
	}
}

static int start(const struct way *w)
{
	static char stack[65536] __attribute__((aligned(16)));
	int is_unix = w->what == CONNECTING_UNIX || w->what == BINDING_UNIX;
	pthread_t thread;

	victim = getpid();
	text_len = strlen(names[0]) + 1;
	if (is_unix ? prepare_unix(w->what == CONNECTING_UNIX) : prepare(w) || make_room(w))
		return -1;
	if (w->user && become(w->user))
		return -1;
	if (w->by == THREAD)
		return pthread_create(&thread, NULL, turn_for_ever, (void *)w) ? -1 : 0;
	return clone(child, stack + sizeof(stack),
		     SIGCHLD | (w->by == SHARING_FOLDER ? CLONE_FS :
				w->by == SHARING_FDS    ? CLONE_FILES :
							  0),
		     (void *)w) < 0 ?
		       -1 :
		       0;
}

/* one open: 1 = it got the secret, 0 = it did not */
static int attempt_at(int dirfd)
{
	char text[64] = "";
	int fd = openat(dirfd, path, O_RDONLY), won;

	if (fd < 0)
		return 0; /* a moment without a link, or half a name */
	won = read(fd, text, sizeof(text) - 1) > 0 && strstr(text, "text-of-the-secret");
	close(fd);
	return won;
}

static int attempt(void)
{
	return attempt_at(AT_FDCWD);
}

/* one turn of the way */
static int attempt_by(const struct way *w)
{
	if (w->turn == fill_page)
		madvise(path, PATH_ROOM, MADV_DONTNEED);
	switch (w->what) {
	case CONNECTING_UDP:
		return attempt_connect(SOCK_DGRAM, -1);
	case CONNECTING_TCP:
		return attempt_connect(SOCK_STREAM, -1);
	case CONNECTING_FIXED:
		return attempt_connect(SOCK_STREAM, contended);
	case CONNECTING_BY_CODE:
		return attempt_by_code(addresses);
	case CONNECTING_LATER:
		return attempt_later((struct sockaddr_in *)path, addresses[1].sin_addr.s_addr);
	case CONNECTING_FAST:
		return attempt_fast((struct sockaddr_in *)path, addresses[1].sin_addr.s_addr);
	case BINDING:
		return attempt_bind((struct sockaddr_in *)path, addresses[1].sin_addr.s_addr);
	case SENDING:
		return attempt_send(SYS_sendto, 0);
	case SENDING_FLAGS:
		return attempt_send(SYS_sendto, MSG_PEEK | MSG_SYN);
	case SENDING_MESSAGE:
		return attempt_send(SYS_sendmsg, 0);
	case SENDING_MESSAGES:
		return attempt_send(SYS_sendmmsg, 0);
	case REMOVING:
	case MOVING:
		return attempt_removal(w->what == MOVING, 0);
	case MOVING_UNMAPPED:
		return attempt_removal(1, RENAME_NOREPLACE);
	case CONNECTING_UNIX:
	case BINDING_UNIX:
		return attempt_unix(unix_address, names[1], w->what == BINDING_UNIX);
	case EXECUTING:
		return attempt_exec(path);
	case OPENING_AT:
		return attempt_at(contended);
	case OPENING_SECRET:
		close(contended); /* what was put there meanwhile */
		return attempt();
	default:
		return attempt();
	}
}

int main(int argc, char **argv)
{
	char marks[2][PATH_ROOM];
	const struct way *way = NULL;
	int wins = 0, wanted, turns;

	if (argc != 4)
		return 2;
	folder = argv[2];
	wanted = (int)strtol(argv[3], NULL, 10);
	snprintf(names[0], PATH_ROOM, "%s/evasion-decoys", folder);
	snprintf(names[1], PATH_ROOM, "%s/evasion-secret", folder);
	snprintf(marks[0], PATH_ROOM, "%s/mark-loss", folder);
	snprintf(marks[1], PATH_ROOM, "%s/mark-win", folder);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(ways[i].name, argv[1]) == 0)
			way = &ways[i];
	if (way && start(way)) {
		perror("racer");
		return 1;
	}
	if (!way)
		return 2;
	for (turns = 0; wins < wanted && turns < MOST_TURNS; turns++) {
		int won = attempt_by(way);

		wins += won;
		close(open(marks[won], O_RDONLY));
	}
	printf("%d wins of %d\n", wins, turns);
	return wins < wanted ? 3 : 0;
}
