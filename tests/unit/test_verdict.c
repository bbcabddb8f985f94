/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a call that a verdict answers, by each backend that works here: a command changes its folder. */
#include "tracer/tracer.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

enum { NO_BACKEND = 99 };

/* Every call that waits gets the verdict. Does not return: the process is the front, its child the supervisor. */
static void watch(enum tracer_backend backend, struct verdict verdict)
{
	static const struct intercept_want want = { .event = EV_SYSCALL_CHDIR_X };
	const struct intercept_set set = { .wants = &want, .nwants = 1 };
	char *argv[] = { (char[]){ "/proc/self/exe" }, (char[]){ "/" }, NULL };
	struct tracer_options options = { .argv = argv, .backend = backend };
	struct source *source;
	struct event ev;
	int r;

	if (getrlimit(RLIMIT_STACK, &options.stack) < 0 || tracer_open(&options, &source, NULL) < 0)
		_exit(NO_BACKEND);
	r = source->ops->intercept(source, &set, NULL);
	while (r >= 0) {
		r = source->ops->next(source, &ev, NULL);
		if (r == 1 && ev.provisional)
			r = source->ops->answer(source, &ev, verdict, NULL);
	}
	if (r == -ENODATA)
		tracer_finish(source, -1);
	source->ops->close(source);
	_exit(r == -ENODATA ? 0 : 98);
}

static int status_with(enum tracer_backend backend, struct verdict verdict)
{
	pid_t front = fork();
	int status;

	if (front == 0)
		watch(backend, verdict);
	assert_int_equal(waitpid(front, &status, 0), front);
	return status;
}

static void verdicts(void **state)
{
	unsigned int backends = 0;

	(void)state;
	for (int backend = TRACER_AUTO + 1; backend < TRACER_BACKENDS; backend++) {
		int status = status_with((enum tracer_backend)backend, (struct verdict){ VERDICT_CONTINUE, 0 });

		if (WIFEXITED(status) && WEXITSTATUS(status) == NO_BACKEND)
			continue;
		backends++;
		assert_int_equal(status, 0);
		status = status_with((enum tracer_backend)backend, (struct verdict){ VERDICT_DENY, EXDEV });
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), EXDEV);
		status = status_with((enum tracer_backend)backend, (struct verdict){ VERDICT_KILL, 0 });
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGKILL);
	}
	if (!backends)
		skip();
}

static int change(const char *path)
{
	char before[PATH_MAX], now[PATH_MAX];

	if (!getcwd(before, sizeof(before)))
		return 97;
	if (chdir(path) == 0)
		return 0;
	return getcwd(now, sizeof(now)) && strcmp(now, before) == 0 ? errno : 96;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
	};

	/* the command: 0, or with which error it stayed where it is. Who is traced cannot look for leaks at its end. */
	if (argc == 2)
		_exit(change(argv[1]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
