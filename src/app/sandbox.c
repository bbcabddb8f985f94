/* SPDX-License-Identifier: Apache-2.0 */
#include "app/sandbox.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>

static _Atomic uint64_t refused;
static _Atomic int last = -1;

/* The address sanitizer's own calls are not ours to list, and it stops all threads by tracing them. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

#if !defined(HAVE_TRACER)
int sandbox_enter(enum sandbox_use use, struct error *err)
{
	(void)use;
	return error_set(err, -EOPNOTSUPP, "no sandbox: this program was built without libseccomp");
}

uint64_t sandbox_refused(const char **ret_call)
{
	*ret_call = NULL;
	return refused;
}
#else

#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <ucontext.h>

#include "base/cleanup.h"

#ifndef PR_SET_VMA /* of Linux 5.17 */
#define PR_SET_VMA 0x53564d41
#endif

#ifndef __NR_fchmodat2 /* of Linux 6.6, with one number everywhere */
#define __NR_fchmodat2 452
#endif

#define MANY UINT32_MAX /* any argument */

enum purpose { BASE = 1, FILES = 2, NET = 4, TRACE = 8 };

static const struct allowed {
	int call; /* negative: not on this architecture */
	enum purpose purpose;
	uint32_t argument;
	uint64_t mask, value;
} allowed[] = {
/* not SCMP_SYS(): some names are macros of musl's, and would be replaced on their way there */
#define ALLOW(name, purpose)			       { __SNR_##name, purpose, MANY, 0, 0 },
#define ALLOW_IF(name, purpose, argument, mask, value) \
	{ __SNR_##name, purpose, argument, (uint64_t)(mask), (uint64_t)(value) },
#include "app/sandbox.def"
};

static const int never[] = {
#define REFUSE(name) __SNR_##name,
#include "app/sandbox_plugins.def"
};

static void filter_autofree(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}
#define auto_filter __attribute__((cleanup(filter_autofree)))

/* ---- refused calls ------------------------------------------------------------------------------------- */

#if defined(__x86_64__)
#define RESULT(context) ((context)->uc_mcontext.gregs[REG_RAX])
#elif defined(__aarch64__)
#define RESULT(context) ((context)->uc_mcontext.regs[0])
#endif

/*
 * Calls since Linux 5.3 have one number everywhere, and libraries that make them do without on a kernel that
 * lacks them. What no table here knows yet is among them. EPERM they would take for the answer.
 */
#define NEWER_CALLS 435

/* In the thread that made it, instead of it. */
static void on_refused(int number, siginfo_t *info, void *context)
{
	(void)number;
	atomic_store_explicit(&last, info->si_syscall, memory_order_relaxed);
	atomic_fetch_add_explicit(&refused, 1, memory_order_release);
	RESULT((ucontext_t *)context) = info->si_syscall < NEWER_CALLS ? -EPERM : -ENOSYS;
}

uint64_t sandbox_refused(const char **ret_call)
{
	static char name[64];
	uint64_t n = atomic_load_explicit(&refused, memory_order_acquire);
	char *resolved = n ? seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, last) : NULL;

	*ret_call = NULL;
	if (!resolved)
		return n;
	snprintf(name, sizeof(name), "%s", resolved);
	free(resolved);
	*ret_call = name;
	return n;
}

/* ---- the filter ---------------------------------------------------------------------------------------- */

static bool is_open(enum sandbox_use use)
{
	return use == SANDBOX_PLUGINS || use == SANDBOX_TRACE_PLUGINS;
}

static int add(scmp_filter_ctx filter, const struct allowed *a)
{
	const struct scmp_arg_cmp test = {
		.arg = a->argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = a->mask, .datum_b = a->value
	};

	if (a->call < 0)
		return 0;
	return a->argument == MANY ? seccomp_rule_add(filter, SCMP_ACT_ALLOW, a->call, 0) :
				     seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, a->call, 1, &test);
}

/* A call that is wholly allowed by one purpose needs no tests by another: libseccomp merges the two. */
static int add_allowed(scmp_filter_ctx filter, enum sandbox_use use)
{
	const struct scmp_arg_cmp own = {
		.arg = 0, .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)getpid(), .datum_b = 0
	};
	const unsigned int purposes = BASE | FILES | NET | (use == SANDBOX_TRACE ? TRACE : 0);
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(allowed); i++)
		if (allowed[i].purpose & purposes)
			r = add(filter, &allowed[i]);
	/* aborting is allowed, other processes are not to be signalled */
	if (r == 0 && use == SANDBOX_WATCH)
		r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &own);
	/* its flags are behind a pointer; told that it is not there, C libraries make threads by clone() */
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return r;
}

static bool is_for_tracing(int call)
{
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		if (allowed[i].call == call && allowed[i].purpose == TRACE)
			return true;
	return false;
}

static int add_never(scmp_filter_ctx filter, enum sandbox_use use)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(never); i++)
		if (never[i] >= 0 && (use == SANDBOX_PLUGINS || !is_for_tracing(never[i])))
			r = seccomp_rule_add(filter, SCMP_ACT_TRAP, never[i], 0);
	return r;
}

static int build(scmp_filter_ctx filter, enum sandbox_use use)
{
	int r;

	/* calls of other ABIs are nothing that we ever make */
	r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	/* the caller has set it where it is wanted; without it a filter takes CAP_SYS_ADMIN */
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	if (r == 0)
		r = is_open(use) ? add_never(filter, use) : add_allowed(filter, use);
	if (r < 0)
		return r;
	/* both only make it cheaper, and older kernels know neither: no slower branches, a tree of tests */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return 0;
}

int sandbox_enter(enum sandbox_use use, struct error *err)
{
	struct sigaction action = { .sa_sigaction = on_refused, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART };
	auto_filter scmp_filter_ctx filter = NULL;
	int r;

#ifdef SANITIZED
	return error_set(err, -EOPNOTSUPP, "no sandbox: this program was built with the address sanitizer");
#endif
	filter = seccomp_init(is_open(use) ? SCMP_ACT_ALLOW : SCMP_ACT_TRAP);
	if (!filter)
		return error_set(err, -ENOMEM, "out of memory");
	r = build(filter, use);
	if (r < 0)
		return error_errno(err, r, "the kernel allows no sandbox");
	sigemptyset(&action.sa_mask);
	sigaction(SIGSYS, &action, NULL);
	r = seccomp_load(filter);
	return r < 0 ? error_errno(err, r, "the kernel allows no sandbox") : 0;
}

#endif
