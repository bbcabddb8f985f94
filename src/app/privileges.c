/* SPDX-License-Identifier: Apache-2.0 */
#include "app/privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "app/account.h"
#include "app/log.h"
#include "tracer/procfs_folder.h"

/* newer than some headers */
#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif
#ifndef CAP_BPF
#define CAP_BPF 39
#endif
#ifndef CAP_CHECKPOINT_RESTORE
#define CAP_CHECKPOINT_RESTORE 40
#endif

#define BIT(capability) ((uint64_t)1 << (capability))
#define KEY "monitor.user"

/* ---- the user ------------------------------------------------------------------------------------------ */

static int find(const struct config *c, struct account *ret_account, struct error *err)
{
	struct error why = { 0 };

	if (account_find(c->monitor_user, ret_account, &why) < 0)
		return config_error(c, KEY, err, "%s", why.text);
	return 0;
}

static int become(const struct config *c, const struct account *a, uid_t saved, struct error *err)
{
	int r = account_take_groups(a);

	if (r == 0 && setresuid(a->uid, a->uid, saved) < 0)
		r = -errno;
	return r < 0 ? config_error(c, KEY, err, "cannot become user %u: %s", (unsigned int)a->uid, strerror(-r)) : 0;
}

int privileges_become(const struct config *config, struct error *err)
{
	struct account a;
	int r = config && config->monitor_user.len ? find(config, &a, err) : 1;

	return r || geteuid() == a.uid ? r < 0 ? r : 0 : become(config, &a, a.uid, err);
}

/*
 * The saved id stays root's, so what is permitted stays, too. When the last of the ids goes, the kernel takes
 * all capabilities away; the C library lets all threads do that, which it does for no call that is about
 * capabilities alone.
 */
static int begin_as_user(const struct config *config, const struct account *a, struct error *err)
{
	if (geteuid() != 0)
		return config_error(config, KEY, err, "only root can become user %u", (unsigned int)a->uid);
	return become(config, a, 0, err);
}

/* ---- capabilities -------------------------------------------------------------------------------------- */

static uint64_t kept(enum sandbox_use use)
{
	enum { BOTH = BIT(SANDBOX_WATCH) | BIT(SANDBOX_PLUGINS), PLUGINS = BIT(SANDBOX_PLUGINS) };
	static const struct {
		int capability;
		unsigned int uses;
	} rows[] = {
#define CAPABILITY(name, uses) { name, uses },
#include "app/capabilities.def"
	};
	uint64_t set = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].uses >> use & 1)
			set |= BIT(rows[i].capability);
	return set;
}

/* Of those that are there. None can come back by an exec, either. */
static int keep_capabilities(uint64_t set, struct error *err)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return error_errno(err, -errno, "capabilities cannot be read");
	for (int i = 0; i < 2; i++) {
		uint32_t part = (uint32_t)(set >> 32 * i);

		data[i].permitted &= part;
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) < 0 ? error_errno(err, -errno, "capabilities cannot be given up") : 0;
}

/* What an exec could gain: without the right to give it up there is nothing to gain. */
static void bound_capabilities(uint64_t set)
{
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (int i = 0; i < 64 && prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		if (!(set >> i & 1))
			(void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

static bool traces(enum sandbox_use use)
{
	return use == SANDBOX_TRACE || use == SANDBOX_TRACE_PLUGINS;
}

static bool has_plugins(enum sandbox_use use)
{
	return use == SANDBOX_PLUGINS || use == SANDBOX_TRACE_PLUGINS;
}

static bool no_new_privs(const struct config *c)
{
	return !c || c->monitor_no_new_privs;
}

int privileges_limit(const struct config *config, enum sandbox_use use, struct error *err)
{
	struct account a;
	bool changes = config && config->monitor_user.len;
	int r = changes ? find(config, &a, err) : 0;

	if (r < 0)
		return r;
	changes = changes && geteuid() != a.uid;
	if (changes && traces(use))
		return config_error(config, KEY, err,
				    "monitor run watches with the rights of who starts it: start it as that user");
	/* what is executed behind the filter is foreign code's alone */
	bound_capabilities(has_plugins(use) && !changes ? kept(SANDBOX_PLUGINS) : 0);
	if (changes)
		r = begin_as_user(config, &a, err);
	if (r == 0 && !traces(use))
		r = keep_capabilities(changes ? BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_NET_BIND_SERVICE) : kept(use), err);
	if (r == 0 && no_new_privs(config) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = error_errno(err, -errno, "monitor.no_new_privs");
	return r;
}

int privileges_seal(const struct config *config, enum sandbox_use use, struct error *err)
{
	uid_t real, effective, saved;
	struct error why = { 0 };
	int r;

	getresuid(&real, &effective, &saved);
	if (saved == 0 && effective != 0 && setresuid(effective, effective, effective) < 0)
		return error_errno(err, -errno, KEY ": cannot become user %u for good", (unsigned int)effective);
	procfs_folder(); /* read by later on, and made by calls that the filter refuses */
	if (config && !config->monitor_sandbox)
		return 0;
	if (has_plugins(use))
		log_info(
			"plugins are loaded, whose system calls nobody can list: the sandbox refuses only calls that change the machine or other "
			"processes");
	r = sandbox_enter(use, &why);
	if (r == 0)
		return 0;
	/* by default it is taken where it can be had */
	if (config && config_tree_get(config->root, "monitor.sandbox"))
		return config_error(config, "monitor.sandbox", err, "%s", why.text);
	/* where no filter is to be had, run has said already what that means for it */
	if (r == -EOPNOTSUPP || traces(use))
		log_info("%s: monitor.sandbox has no effect", why.text);
	else
		log_warning("%s: monitor.sandbox has no effect", why.text);
	return 0;
}
