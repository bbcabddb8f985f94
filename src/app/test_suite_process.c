/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a suite: those of a test's chain and those that are resources. */
#include <errno.h>

#include "app/test_read.h"
#include "app/test_suite_parts.h"

#define FIRST_UID   1000 /* of users that a suite names */
#define DEFAULT_EXE "/tmp/event-generator"

static int find_user(struct suite *s, struct str name, uint32_t *ret_uid)
{
	uint32_t uid = FIRST_UID;
	struct test_user *u;

	*ret_uid = 0;
	if (!name.len || str_eq(name, STR("root")))
		return 0;
	for (u = s->c->users; u && !str_eq(u->name, name); u = u->next)
		uid++;
	if (!u) {
		u = arena_new_of(s->file->arena, struct test_user);
		if (!u)
			return -ENOMEM;
		*u = (struct test_user){ .uid = uid, .gid = uid, .name = name, .next = s->c->users };
		s->c->users = u;
	}
	*ret_uid = u->uid;
	return 0;
}

static int read_env(struct suite *s, const struct yaml_node *node, struct str *ret_env, struct error *err)
{
	auto_strbuf struct strbuf env = { 0 };
	struct str value;
	int r = test_kind(s->file, node, YAML_MAP, err);

	for (uint32_t i = 0; r == 0 && i < node->count; i++) {
		r = test_text(s->file, node->pairs[i].value, &value, err);
		if (r == 0) {
			strbuf_addf(&env, STR_FMT "=", STR_ARG(node->pairs[i].key->text));
			strbuf_addstr(&env, value);
			strbuf_addc(&env, 0);
		}
	}
	if (r < 0)
		return r;
	*ret_env = arena_str(s->file->arena, strbuf_str(&env));
	return env.failed || !ret_env->ptr ? test_out_of_memory(err) : 0;
}

int suite_process(struct suite *s, const struct yaml_node *map, const char *name_key, struct test_process **ret,
		  struct error *err)
{
	struct test_process *p = test_process_new(s->file, s->c);
	const struct yaml_node *args, *env;
	const char *slash;
	struct str user;
	uint32_t uid = 0;
	int r;

	if (!p)
		return test_out_of_memory(err);
	r = test_text_or(s->file, map, "exePath", STR(DEFAULT_EXE), &p->record.exepath, err);
	if (r < 0)
		return r;
	slash = str_last(p->record.exepath, '/');
	p->name =
		slash ? (struct str){ slash + 1, p->record.exepath.len - (size_t)(slash + 1 - p->record.exepath.ptr) } :
			p->record.exepath;
	r = test_text_or(s->file, map, name_key, p->name, &p->name, err);
	p->record.comm = (struct str){ p->name.ptr, p->name.len < 15 ? p->name.len : 15 };
	if (r == 0)
		r = test_text_or(s->file, map, "exe", p->name, &p->record.exe, err);
	if (r == 0)
		r = test_text_or(s->file, map, "user", STR("root"), &user, err);
	if (r == 0 && find_user(s, user, &uid) < 0)
		r = test_out_of_memory(err);
	args = yaml_get(map, "args");
	env = yaml_get(map, "env");
	if (r == 0 && args)
		r = test_list(s->file, args, &p->record.args, err);
	if (r == 0 && env)
		r = read_env(s, env, &p->record.env, err);
	if (r < 0)
		return r;
	p->record.uid = p->record.gid = uid;
	if (s->leaf) {
		p->record.ptid = s->leaf->record.pid;
		p->record.cgroups = s->leaf->record.cgroups;
	}
	*ret = p;
	return 0;
}
