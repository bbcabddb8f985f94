/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says of sockets: of their ends, of those that are under way, and which address a call had. */
#include "tracer/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tracer/descriptor.h"
#include "tracer/supervisor.h"

static struct sockaddr_storage loopback(int family)
{
	struct sockaddr_storage address = { .ss_family = (sa_family_t)family };

	if (family == AF_INET)
		((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		((struct sockaddr_in6 *)&address)->sin6_addr = in6addr_loopback;
	return address;
}

/* -1: there are none of this kind here. */
static int bound(int family, int type, int protocol)
{
	struct sockaddr_storage address = loopback(family);
	int fd = socket(family, type, protocol);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static struct sockaddr_storage end_of(int fd, int (*ask)(int fd, struct sockaddr *address, socklen_t *len))
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);

	assert_int_equal(ask(fd, (struct sockaddr *)&address, &len), 0);
	return address;
}

static uint64_t inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static void assert_end(const struct sockaddr_storage *found, socklen_t len, const struct sockaddr_storage *wanted)
{
	size_t size = wanted->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

	assert_true(len >= size);
	assert_memory_equal(found, wanted, size);
}

static const struct kind {
	int domain, type, protocol;
} kinds[] = {
	{ AF_INET, SOCK_STREAM, IPPROTO_TCP }, { AF_INET6, SOCK_STREAM, IPPROTO_TCP },
	{ AF_INET, SOCK_DGRAM, IPPROTO_UDP },  { AF_INET6, SOCK_DGRAM, IPPROTO_UDP },
	{ AF_INET, SOCK_RAW, IPPROTO_UDP },    { AF_INET6, SOCK_RAW, IPPROTO_UDP },
	{ AF_INET, SOCK_DGRAM, IPPROTO_ICMP }, { AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6 },
};

/* Of who has no peer yet, and of who has one; what is asked for with what is known of it, and with nothing. */
static void finds_sockets_in_tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct kind *k = &kinds[i];
		struct socket_info s = { .domain = k->domain, .type = k->type, .protocol = k->protocol },
				   of_nothing = { 0 };
		int fd = bound(k->domain, k->type, k->protocol), peer = -1;
		struct sockaddr_storage near, far;

		if (fd < 0)
			continue;
		if (k->type == SOCK_STREAM)
			assert_int_equal(listen(fd, 1), 0);
		near = end_of(fd, getsockname);
		assert_int_equal(socket_look_up(getpid(), inode_of(fd), &s), 0);
		if (k->type == SOCK_RAW) /* which have no ports: the tables show the protocol there */
			assert_int_equal(s.local.ss_family, k->domain);
		else
			assert_end(&s.local, s.local_len, &near);
		assert_int_equal(s.remote_len, 0);
		assert_int_equal(socket_look_up(getpid(), inode_of(fd), &of_nothing), 0);
		assert_int_equal(of_nothing.domain, k->domain);
		assert_int_equal(of_nothing.type, k->type);
		assert_int_equal(of_nothing.protocol, k->type == SOCK_RAW ? IPPROTO_RAW : k->protocol);
		s = (struct socket_info){ .domain = k->domain, .type = SOCK_SEQPACKET, .protocol = k->protocol };
		assert_int_equal(socket_look_up(getpid(), inode_of(fd), &s), -ENOENT);
		if (k->protocol != IPPROTO_TCP && k->protocol != IPPROTO_UDP)
			goto next;
		s = (struct socket_info){ .domain = k->domain, .type = k->type, .protocol = k->protocol };
		if (k->type != SOCK_RAW) {
			peer = bound(k->domain, k->type, k->protocol);
			assert_int_equal(connect(peer, (struct sockaddr *)&near, sizeof(near)), 0);
			far = end_of(peer, getpeername);
			assert_int_equal(socket_look_up(getpid(), inode_of(peer), &s), 0);
			assert_end(&s.remote, s.remote_len, &far);
			near = end_of(peer, getsockname);
			assert_end(&s.local, s.local_len, &near);
			s.protocol = IPPROTO_UDPLITE; /* those are in other tables */
			assert_int_equal(socket_look_up(getpid(), inode_of(peer), &s), -ENOENT);
		} else {
			s.protocol = IPPROTO_ICMP; /* one table has them all */
			assert_int_equal(socket_look_up(getpid(), inode_of(fd), &s), 0);
			assert_int_equal(s.protocol, IPPROTO_ICMP);
		}
next:
		close(peer);
		close(fd);
	}
}

/* At once, and by a thread as soon as others may hold the socket's lock. */
static void looks_at_sockets(void **state)
{
	struct reader *r = reader_new();
	int pair[2], listener = bound(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_storage to = end_of(listener, getsockname), near;
	struct socket_info s;

	(void)state;
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	near = end_of(fd, getsockname);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(socket_look(fd, getpid(), r, &s), 0);
		assert_int_equal(s.domain, AF_INET);
		assert_int_equal(s.type, SOCK_STREAM);
		assert_int_equal(s.protocol, IPPROTO_TCP);
		assert_int_equal(s.local_len, sizeof(struct sockaddr_in));
		assert_int_equal(s.remote_len, sizeof(struct sockaddr_in));
		assert_memory_equal(&s.local, &near, sizeof(struct sockaddr_in));
		assert_memory_equal(&s.remote, &to, sizeof(struct sockaddr_in));
		assert_int_equal(socket_look(listener, getpid(), r, &s), 0);
		assert_int_equal(s.local_len, sizeof(struct sockaddr_in));
		assert_int_equal(s.remote_len, 0);
		assert_int_equal(socket_look(pair[0], getpid(), r, &s), 0);
		assert_int_equal(s.domain, AF_UNIX);
		assert_int_equal(s.local_len, sizeof(sa_family_t));
		assert_int_equal(s.remote_len, sizeof(sa_family_t));
		reader_fear_locks(r);
	}
	reader_free(r);
	assert_int_equal(socket_look(STDIN_FILENO, getpid(), NULL, &s), -ENOTSOCK);
	for (int i = 0; i < 2; i++)
		close(pair[i]);
	close(fd);
	close(listener);
}

/* ---- older kernels ------------------------------------------------------------------------------------- */

/* A thread with descriptors of its own, and one that shares them. */
struct thread {
	pthread_t id;
	pid_t tid;
	bool apart;
	int number, own; /* of a descriptor of all; what it has there then */
	pthread_barrier_t *begun, *ends;
};

static void *live(void *context)
{
	struct thread *t = context;

	t->tid = gettid();
	if (t->apart && (unshare(CLONE_FILES) < 0 || dup2(t->own, t->number) < 0))
		t->tid = -1;
	pthread_barrier_wait(t->begun);
	pthread_barrier_wait(t->ends);
	return NULL;
}

static void refuse(int call, int error, const struct scmp_arg_cmp *test)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	assert_non_null(filter);
	assert_int_equal(seccomp_rule_add_array(filter, SCMP_ACT_ERRNO((uint32_t)error), call, test ? 1 : 0, test), 0);
	assert_int_equal(seccomp_load(filter), 0);
	seccomp_release(filter);
}

/* Whether it is a copy of ours. */
static bool copies(pid_t tid, int fd)
{
	int copy = descriptor_copy(tid, fd, NULL);
	bool same = copy >= 0 && inode_of(copy) == inode_of(fd);

	if (copy >= 0)
		close(copy);
	return same;
}

static void expect_copies(const struct thread *shares, const struct thread *apart)
{
	assert_true(copies(getpid(), apart->number));
	assert_true(copies(shares->tid, apart->number));
	assert_int_equal(descriptor_copy(apart->tid, apart->number, NULL), -EPERM);
}

/* Where a descriptor names a process only: its number is of the first thread's, and may be another thing to others. */
static void look_at_threads(void)
{
	pthread_barrier_t begun, ends;
	struct thread shares = { .begun = &begun, .ends = &ends }, apart;

	pthread_barrier_init(&begun, NULL, 3);
	pthread_barrier_init(&ends, NULL, 3);
	shares.number = socket(AF_INET, SOCK_DGRAM, 0);
	shares.own = socket(AF_INET, SOCK_DGRAM, 0);
	apart = shares;
	apart.apart = true;
	assert_int_equal(pthread_create(&shares.id, NULL, live, &shares), 0);
	assert_int_equal(pthread_create(&apart.id, NULL, live, &apart), 0);
	pthread_barrier_wait(&begun);
	assert_true(apart.tid > 0);
	refuse(SCMP_SYS(pidfd_open), EINVAL, &SCMP_A1(SCMP_CMP_EQ, O_EXCL, 0));
	expect_copies(&shares, &apart);
	refuse(SCMP_SYS(kcmp), EPERM, NULL);
	expect_copies(&shares, &apart);
	pthread_barrier_wait(&ends);
	pthread_join(shares.id, NULL);
	pthread_join(apart.id, NULL);
}

static void copies_of_whom_it_is(void **state)
{
	int copy = descriptor_copy(getpid(), STDIN_FILENO, NULL), status;
	pid_t child;

	(void)state;
	if (copy == -EPERM || copy == -ENOSYS)
		skip();
	close(copy);
	child = fork();
	if (child == 0) { /* a filter stays */
		look_at_threads();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* ---- behind calls -------------------------------------------------------------------------------------- */

static struct held_socket held(int fd, const struct sockaddr_storage *address, socklen_t len)
{
	return (struct held_socket){ .fd = fd, .address = *address, .address_len = len };
}

static bool settles(struct held_socket *s, long number, int64_t result)
{
	struct call c = { .tid = getpid(), .number = number, .result = result };

	return connect_settle(s, &c, false);
}

/* A connection that is under way goes where the socket says, which may be elsewhere than where we read. */
static void knows_where_connections_go(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		int family = i ? AF_INET6 : AF_INET, full = bound(family, SOCK_STREAM, 0), fd = -1, other;
		struct sockaddr_storage to, elsewhere;
		struct held_socket s;
		int waiting[8], n = 0;

		if (full < 0)
			continue;
		assert_int_equal(listen(full, 0), 0);
		to = end_of(full, getsockname);
		/* until nobody is let in any more */
		do {
			struct sockaddr_storage peer;
			socklen_t len = sizeof(peer);

			assert_true(n < 8);
			fd = waiting[n++] = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
			assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), -1);
			assert_int_equal(errno, EINPROGRESS);
			if (getpeername(fd, (struct sockaddr *)&peer, &len) < 0)
				break;
		} while (true);
		s = held(fd, &to, sizeof(to));
		assert_true(settles(&s, SYS_connect, -EINPROGRESS));
		assert_end(&s.address, s.address_len, &to);
		elsewhere = to;
		((struct sockaddr_in *)&elsewhere)->sin_port ^= 1; /* of both families */
		s = held(fd, &elsewhere, sizeof(to));
		assert_true(settles(&s, SYS_connect, -EINPROGRESS));
		assert_end(&s.address, s.address_len, &to);
		/* who is alone has given what was read */
		s = held(fd, &elsewhere, sizeof(to));
		assert_true(connect_settle(&s, &(struct call){ .number = SYS_connect, .result = -EINPROGRESS }, true));
		assert_end(&s.address, s.address_len, &elsewhere);
		/* and one that goes nowhere */
		other = socket(family, SOCK_STREAM, 0);
		s = held(other, &to, sizeof(to));
		assert_false(settles(&s, SYS_connect, -EINPROGRESS));
		assert_true(settles(&s, SYS_connect, 0)); /* the kernel read the address from us */
		close(other);
		while (n)
			close(waiting[--n]);
		close(full);
	}
}

static socklen_t named(struct sockaddr_storage *ret_address, const char *name, size_t len, const char *behind)
{
	struct sockaddr_un *un = (struct sockaddr_un *)ret_address;

	memset(ret_address, 0, sizeof(*ret_address));
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, name, len);
	memcpy(un->sun_path + len, behind, strlen(behind));
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + strlen(behind));
}

/* Of unix sockets the kernel says which name it read. */
static void knows_names_of_unix_sockets(void **state)
{
	char folder[] = "/tmp/test_socket.XXXXXX", path[sizeof(folder) + 2];
	struct sockaddr_storage address;
	struct held_socket s;
	socklen_t len;
	size_t n;

	(void)state;
	assert_non_null(mkdtemp(folder));
	n = (size_t)snprintf(path, sizeof(path), "%s/s", folder);
	for (int abstract = 0; abstract < 2; abstract++) {
		int listener = socket(AF_UNIX, SOCK_STREAM, 0), fd = socket(AF_UNIX, SOCK_STREAM, 0);

		if (abstract)
			path[0] = '\0';
		len = named(&address, path, n, "");
		s = held(listener, &address, len);
		assert_false(settles(&s, SYS_bind, 0)); /* it has no name */
		assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
		assert_int_equal(listen(listener, 1), 0);
		/* what we read was another: its own is told */
		len = named(&address, "/elsewhere", 10, "");
		s = held(listener, &address, len);
		assert_true(settles(&s, SYS_bind, 0));
		assert_memory_equal(((struct sockaddr_un *)&s.address)->sun_path, path, n);

		len = named(&address, path, n, "");
		s = held(fd, &address, len);
		assert_false(settles(&s, SYS_connect, 0)); /* it has no peer */
		assert_int_equal(connect(fd, (struct sockaddr *)&address, len), 0);
		assert_true(settles(&s, SYS_connect, 0));
		/* behind the end of a name is what the caller left there; an abstract one has none */
		len = named(&address, path, n + !abstract, "x");
		s = held(fd, &address, len);
		assert_int_equal(settles(&s, SYS_connect, 0), !abstract);
		len = named(&address, path, n - 1, "");
		s = held(fd, &address, len);
		assert_false(settles(&s, SYS_connect, 0));
		close(fd);
		close(listener);
		if (!abstract)
			unlink(path);
	}
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_sockets_in_tables),     cmocka_unit_test(looks_at_sockets),
		cmocka_unit_test(copies_of_whom_it_is),        cmocka_unit_test(knows_where_connections_go),
		cmocka_unit_test(knows_names_of_unix_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
