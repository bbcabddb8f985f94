/* SPDX-License-Identifier: Apache-2.0 */
/* To whom others may send signals, beside whom we may. */
#include "tracer/sender.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

struct who {
	uid_t real, effective, saved;
	bool kills;
};

/* Without capabilities but KILL, and one for looking at others. Who becomes another may be looked at as before. */
static bool become(const struct who *who, bool looks)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	data[0].effective = (who->kills ? 1u << CAP_KILL : 0) | (looks ? 1u << CAP_SYS_PTRACE : 0);
	data[0].permitted = data[0].effective;
	return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 &&
	       syscall(SYS_setresuid, who->real, who->effective, who->saved) == 0 &&
	       syscall(SYS_capset, &header, data) == 0 && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

static const struct sending {
	struct who own, theirs;
	enum sender sender;
} sendings[] = {
	{ { 0, 0, 0, true }, { 0, 0, 0, true }, SENDER_ALIKE },
	{ { 0, 0, 0, true }, { 0, 0, 0, false }, SENDER_WEAKER },
	{ { 0, 0, 0, true }, { 12345, 12345, 12345, false }, SENDER_POWERLESS },
	{ { 0, 0, 0, true }, { 12345, 12345, 0, false }, SENDER_POWERLESS }, /* until it takes that back */
	{ { 0, 0, 0, true }, { 12345, 12345, 12345, true }, SENDER_OTHER },
	{ { 0, 0, 0, true }, { 0, 12345, 12345, false }, SENDER_OTHER },
	{ { 0, 0, 0, true }, { 12345, 0, 0, true }, SENDER_OTHER },
	{ { 0, 0, 0, true }, { 0, 12345, 0, true }, SENDER_OTHER },
	{ { 0, 0, 0, true }, { 12345, 0, 12345, false }, SENDER_OTHER },
	{ { 12345, 12345, 12345, false }, { 12345, 12345, 12345, false }, SENDER_ALIKE },
	{ { 12345, 12345, 12345, false }, { 12345, 12345, 12345, true }, SENDER_OTHER }, /* more than we */
	{ { 12345, 12345, 12345, false }, { 23456, 23456, 23456, false }, SENDER_POWERLESS },
	/* root without capabilities, as the one whom a file's signals come from */
	{ { 12345, 12345, 12345, false }, { 23456, 0, 23456, false }, SENDER_OTHER },
	{ { 12345, 12345, 12345, false }, { 0, 23456, 23456, false }, SENDER_POWERLESS },
	/* our saved id counts, too, and theirs does not */
	{ { 12345, 12345, 23456, false }, { 23456, 34567, 34567, false }, SENDER_OTHER },
	{ { 12345, 12345, 23456, false }, { 34567, 23456, 34567, false }, SENDER_OTHER },
	{ { 12345, 23456, 12345, false }, { 23456, 23456, 23456, false }, SENDER_POWERLESS },
	{ { 12345, 12345, 23456, false }, { 34567, 12345, 34567, false }, SENDER_OTHER },
	{ { 12345, 12345, 23456, false }, { 12345, 34567, 34567, false }, SENDER_OTHER },
};

static int sender_between(const struct sending *s)
{
	int ends[2];
	pid_t other;
	char c;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
		return 99;
	other = fork();
	if (other == 0) {
		close(ends[0]);
		/* until we are gone, who may not be allowed to end it */
		_exit(become(&s->theirs, false) && write(ends[1], "", 1) == 1 && read(ends[1], &c, 1) == 0);
	}
	close(ends[1]);
	return read(ends[0], &c, 1) == 1 && become(&s->own, true) ? (int)sender_of(other) : 99;
}

static void tells_senders(void **state)
{
	(void)state;
	assert_int_equal(sender_of(INT_MAX), SENDER_OTHER); /* not known */
	assert_int_equal(sender_of(getpid()), SENDER_ALIKE);
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(sendings); i++) {
		pid_t child = fork();
		int status;

		if (child == 0)
			_exit(sender_between(&sendings[i]));
		assert_int_equal(waitpid(child, &status, 0), child);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != (int)sendings[i].sender)
			fail_msg("row %zu: status %#x", i, (unsigned int)status);
	}
}

static void sender_of_another_namespace(void **state)
{
	pid_t caller;

	(void)state;
	caller = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
	if (caller == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
	}
	if (caller < 0)
		skip();
	assert_int_equal(sender_of(caller), SENDER_OTHER);
	kill(caller, SIGKILL);
	waitpid(caller, NULL, 0);
}

/* ---- with no more rights than the sender ---- */

static uint64_t effective(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	assert_int_equal(syscall(SYS_capget, &header, data), 0);
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

static void is_weaker_meanwhile(void **state)
{
	const uint64_t before = effective(), kills = UINT64_C(1) << CAP_KILL;

	(void)state;
	for (int sender = SENDER_POWERLESS; sender <= SENDER_OTHER; sender++) {
		if (sender == SENDER_WEAKER)
			continue;
		assert_int_equal(sender_assume((enum sender)sender), sender == SENDER_ALIKE);
		assert_true(effective() == before);
		sender_return((enum sender)sender);
		assert_true(effective() == before);
	}
	if (!(before & kills))
		skip();
	assert_true(sender_assume(SENDER_WEAKER));
	assert_true(effective() == (before & ~kills));
	sender_return(SENDER_WEAKER);
	assert_true(effective() == before);
}

/* Who cannot have it back ends, whether or not anybody can be told. */
static void is_not_weaker_for_good(void **state)
{
	(void)state;
	if (!(effective() >> CAP_KILL & 1))
		skip();
	for (int tells = 0; tells < 2; tells++) {
		const struct who nobody = { 0, 0, 0, false };
		pid_t child = fork();
		int status;

		if (child == 0) {
			signal(SIGABRT, SIG_DFL);
			close(STDERR_FILENO);
			if (tells && open("/dev/null", O_WRONLY) != STDERR_FILENO)
				_exit(1);
			if (!sender_assume(SENDER_WEAKER) || !become(&nobody, false))
				_exit(2);
			sender_return(SENDER_WEAKER);
			_exit(3);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status & ~0x80, tells ? SIGABRT : 70 << 8); /* perhaps with a core */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_senders),
		cmocka_unit_test(sender_of_another_namespace),
		cmocka_unit_test(is_weaker_meanwhile),
		cmocka_unit_test(is_not_weaker_for_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
