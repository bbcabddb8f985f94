/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "app/test_read.h"
#include "base/parse.h"
#include "event/event_text.h"
#include "field/names.h"

/* The time of a test's first event, and what lies between two: no clock is read, so alerts are the same on each run. */
#define FIRST_TS UINT64_C(1700000000000000000)
#define STEP_NS	 UINT64_C(1000000)
#define EVENTS_FIRST 8

void test_quote(struct strbuf *out, struct str s)
{
	strbuf_addc(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (c == '"' || c == '\\')
			strbuf_addf(out, "\\%c", c);
		else if (c < ' ' || c > '~')
			strbuf_addf(out, "\\x%02x", c);
		else
			strbuf_addc(out, (char)c);
	}
	strbuf_addc(out, '"');
}

/* ---- adding a line ---- */

static struct source_test_event *new_event(struct test_file *f, struct test_case *c)
{
	struct source_test_event *larger;

	if (c->nevents == c->cap_events) {
		c->cap_events = c->cap_events ? c->cap_events * 2 : EVENTS_FIRST;
		larger = arena_array_of(f->arena, struct source_test_event, c->cap_events);
		if (!larger)
			return NULL;
		if (c->nevents)
			memcpy(larger, c->events, c->nevents * sizeof(*larger));
		c->events = larger;
	}
	return &c->events[c->nevents++];
}

int test_add_event(struct test_file *f, struct test_case *c, struct str line, struct str real_path,
		   const struct yaml_node *node, struct error *err)
{
	struct event_builder builder = { 0 };
	struct source_test_event *e;
	struct error reason;
	struct event event;
	struct str timed;
	int r;

	timed = arena_printf(f->arena, "%llu " STR_FMT, (unsigned long long)(FIRST_TS + STEP_NS * c->nevents),
			     STR_ARG(line));
	e = new_event(f, c);
	if (!timed.ptr || !e)
		return test_out_of_memory(err);
	*e = (struct source_test_event){ timed, real_path };
	r = event_text_parse(&builder, timed, &event, &reason);
	event_builder_free(&builder);
	return r < 0 ? test_fault(f, node, err, "%s, in: " STR_FMT, reason.text, STR_ARG(line)) : 0;
}

/* ---- parameters ---- */

static bool is_word(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] <= ' ' || s.ptr[i] == '"')
			return false;
	return s.len > 0;
}

/* A value as it stands in YAML, as event_text.h wants it. */
static int add_value(struct test_file *f, struct strbuf *line, const struct param_info *p, const struct yaml_node *node,
		     struct error *err)
{
	bool list = str_eq(str_of(p->name), STR("args")) || str_eq(str_of(p->name), STR("env"));
	struct str text;
	int64_t number;
	int r;

	strbuf_addf(line, " %s=", p->name);
	if (node->kind == YAML_NULL) {
		strbuf_adds(line, "NA");
		return 0;
	}
	if (node->kind == YAML_SEQUENCE || (list && node->kind == YAML_SCALAR)) {
		r = test_list(f, node, &text, err);
		if (r == 0)
			test_quote(line, text);
		return r;
	}
	r = test_text(f, node, &text, err);
	if (r < 0)
		return r;
	if (p->type == PT_FD && str_eq(text, STR("AT_FDCWD")))
		strbuf_adds(line, "-100");
	else if (names_number(p->type, text, &number))
		strbuf_addi(line, number);
	else if (param_type_is_text(p->type) || p->type == PT_BYTEBUF || !is_word(text))
		test_quote(line, text);
	else
		strbuf_addstr(line, text);
	return 0;
}

static void add_text(struct strbuf *line, const char *name, struct str value)
{
	strbuf_addf(line, " %s=", name);
	if (value.len)
		test_quote(line, value);
	else
		strbuf_adds(line, "NA");
}

static void add_number(struct strbuf *line, const char *name, int64_t value)
{
	strbuf_addf(line, " %s=", name);
	strbuf_addi(line, value);
}

/* The process as it is declared, in the words of execve and clone. */
static void add_process_param(struct strbuf *line, const char *name, const struct process_record *r)
{
	const struct {
		const char *name;
		int64_t value;
	} numbers[] = {
		{ "tid", r->tid },
		{ "pid", r->pid },
		{ "ptid", r->ptid },
		{ "fdlimit", r->fdlimit },
		{ "vtid", r->vtid },
		{ "vpid", r->vpid },
		{ "vpgid", r->vpgid },
		{ "pgid", r->pgid },
		{ "tty", r->tty },
		{ "loginuid", (int32_t)r->loginuid },
		{ "uid", (int32_t)r->uid },
		{ "gid", (int32_t)r->gid },
		{ "cap_inheritable", (int64_t)r->cap_inheritable },
		{ "cap_permitted", (int64_t)r->cap_permitted },
		{ "cap_effective", (int64_t)r->cap_effective },
		{ "flags",
		  r->exe_writable | r->exe_upper_layer << 1 | r->exe_from_memfd << 2 | r->exe_lower_layer << 3 },
	};
	const struct {
		const char *name;
		struct str value;
	} texts[] = {
		{ "exe", r->exe },          { "args", r->args }, { "comm", r->comm },
		{ "cgroups", r->cgroups },  { "env", r->env },   { "trusted_exepath", r->exepath },
		{ "filename", r->exepath }, { "cwd", r->cwd },
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (strcmp(name, numbers[i].name) == 0)
			add_number(line, name, numbers[i].value);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (strcmp(name, texts[i].name) == 0)
			add_text(line, name, texts[i].value);
}

void test_add_program(struct strbuf *line, const struct test_process *p, const bool *given)
{
	const struct event_info *info = &event_table[EV_SYSCALL_EXECVE_19_X];

	for (uint32_t i = 0; i < info->nparams; i++)
		if (!given || !given[i])
			add_process_param(line, info->params[i].name, &p->record);
}

/* ---- what is left out ---- */

static bool is_exec(uint16_t type)
{
	return type == EV_SYSCALL_EXECVE_19_X || type == EV_SYSCALL_EXECVEAT_X;
}

/* A call went well, from the current folder, and gave the next descriptor. */
static void add_defaults(struct strbuf *line, uint16_t type, const struct test_process *p, const bool *given)
{
	const struct event_info *info = &event_table[type];

	for (uint32_t i = 0; i < info->nparams; i++) {
		const struct param_info *param = &info->params[i];
		struct str name = str_of(param->name);

		if (given[i])
			continue;
		if (is_exec(type))
			add_process_param(line, param->name, &p->record);
		if (i == 0 && str_eq(name, STR("res")))
			strbuf_addf(line, " res=%d", info->flags & EF_CREATES_FD ? 3 : 0);
		else if (i == 0 && str_eq(name, STR("fd")) && info->flags & EF_CREATES_FD)
			strbuf_adds(line, " fd=3");
		else if (param->type == PT_FD &&
			 (str_ends(name, STR("dirfd")) || str_eq(name, STR("olddir")) || str_eq(name, STR("newdir"))))
			strbuf_addf(line, " %s=-100", param->name);
	}
}

/* exec: what the event says of the program is what the process is from now on. */
static int become(struct test_file *f, struct test_process *p, const struct yaml_node *map, struct error *err)
{
	static const struct {
		const char *param;
		size_t offset;
		bool list;
	} texts[] = {
		{ "exe", offsetof(struct process_record, exe), false },
		{ "args", offsetof(struct process_record, args), true },
		{ "env", offsetof(struct process_record, env), true },
		{ "comm", offsetof(struct process_record, comm), false },
		{ "trusted_exepath", offsetof(struct process_record, exepath), false },
	};
	const struct yaml_node *filename = yaml_get(map, "filename");
	const char *slash;
	int r = 0;

	if (filename && filename->kind == YAML_SCALAR && !yaml_get(map, "trusted_exepath"))
		p->record.exepath = filename->text;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(texts); i++) {
		const struct yaml_node *node = yaml_get(map, texts[i].param);
		void *at = (char *)&p->record + texts[i].offset;

		if (node && node->kind != YAML_NULL)
			r = texts[i].list ? test_list(f, node, at, err) : test_text(f, node, at, err);
	}
	if (r < 0 || yaml_get(map, "comm") || (!filename && !yaml_get(map, "trusted_exepath")))
		return r;
	slash = str_last(p->record.exepath, '/');
	p->record.comm = p->record.exepath;
	if (slash) {
		p->record.comm.len -= (size_t)(slash + 1 - p->record.exepath.ptr);
		p->record.comm.ptr = slash + 1;
	}
	if (p->record.comm.len > 15)
		p->record.comm.len = 15;
	if (!yaml_get(map, "exe"))
		p->record.exe = p->record.comm;
	return 0;
}

/* ---- events ---- */

/* The process that an event is of: the one that it names, or the last that was declared. */
static int find_process(struct test_file *f, struct test_case *c, const struct yaml_node *map,
			struct test_process **ret_process, struct error *err)
{
	const struct yaml_node *node = yaml_get(map, "process");
	struct test_process *p = c->processes;
	struct str name;
	int r;

	while (p && p->next)
		p = p->next;
	if (node) {
		r = test_text(f, node, &name, err);
		if (r < 0)
			return r;
		p = test_process_find(c, name);
		if (!p)
			return test_fault(f, node, err, "no process \"" STR_FMT "\" is declared", STR_ARG(name));
	} else if (!p) {
		return test_fault(f, map, err, "the event has no process, and none is declared");
	}
	*ret_process = p;
	return 0;
}

static bool is_own_key(struct str key)
{
	return str_eq(key, STR("event")) || str_eq(key, STR("process")) || str_eq(key, STR("real_path"));
}

static int add_params(struct test_file *f, const struct test_process *p, uint16_t type, const struct yaml_node *map,
		      struct strbuf *line, struct error *err)
{
	bool given[EVENT_MAX_PARAMS] = { 0 };
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < map->count; i++) {
		const struct yaml_pair *pair = &map->pairs[i];
		int param;

		if (is_own_key(pair->key->text))
			continue;
		param = event_param_index(type, pair->key->text);
		if (param < 0)
			return test_fault(f, pair->key, err,
					  "%s has no parameter \"" STR_FMT "\" (see monitor list events -v)",
					  event_table[type].name, STR_ARG(pair->key->text));
		if (given[param])
			return test_fault(f, pair->key, err, "the parameter is given twice");
		given[param] = true;
		r = add_value(f, line, &event_table[type].params[param], pair->value, err);
	}
	if (r == 0)
		add_defaults(line, type, p, given);
	return r;
}

/* A child is born, and becomes the program that it is declared as. */
static int add_spawn(struct test_file *f, struct test_case *c, const struct yaml_node *map, struct error *err)
{
	const struct event_info *clone = &event_table[EV_SYSCALL_CLONE_20_X];
	const struct yaml_node *program = yaml_get(map, "spawn"), *parent = yaml_get(program, "parent");
	auto_strbuf struct strbuf line = { 0 };
	struct test_process *p, *of = NULL;
	struct process_record born;
	int r;

	if (map->count != 1)
		return test_fault(f, map, err, "spawn stands alone");
	p = test_process_new(f, c);
	if (!p)
		return test_out_of_memory(err);
	r = test_read_process(f, c, program, p, err);
	if (r < 0)
		return r;
	if (parent && parent->kind == YAML_SCALAR)
		of = test_process_find(c, parent->text);
	if (!of || of == p)
		return test_fault(f, program, err, "what is spawned needs a parent that is declared");
	born = p->record;
	born.comm = of->record.comm;
	born.exe = of->record.exe;
	born.args = of->record.args;
	strbuf_addi(&line, born.tid);
	strbuf_adds(&line, " clone res=0");
	for (uint32_t i = 1; i < clone->nparams; i++)
		if (strcmp(clone->params[i].name, "flags") != 0)
			add_process_param(&line, clone->params[i].name, &born);
	r = test_add_event(f, c, strbuf_str(&line), STR(""), program, err);
	if (r < 0)
		return r;
	strbuf_reset(&line);
	strbuf_addi(&line, p->record.tid);
	strbuf_adds(&line, " execve res=0");
	test_add_program(&line, p, NULL);
	return line.failed ? test_out_of_memory(err) : test_add_event(f, c, strbuf_str(&line), STR(""), program, err);
}

static int refuse_nameless(const struct test_file *f, const struct yaml_node *map, struct error *err)
{
	struct str key = map->count ? map->pairs[0].key->text : STR("");

	if (event_text_type(key) >= 0)
		return test_fault(f, map, err, "the name is a value: {event: " STR_FMT ", ...}", STR_ARG(key));
	return test_fault(f, map, err, "an event needs its name (event)");
}

static int add_map(struct test_file *f, struct test_case *c, const struct yaml_node *map, struct error *err)
{
	const struct yaml_node *name = yaml_get(map, "event"), *real_path = yaml_get(map, "real_path");
	auto_strbuf struct strbuf line = { 0 };
	struct str word, path = STR("");
	struct test_process *p = NULL;
	int r, type;

	if (yaml_get(map, "spawn"))
		return add_spawn(f, c, map, err);
	if (!name)
		return refuse_nameless(f, map, err);
	r = test_text(f, name, &word, err);
	if (r == 0 && real_path)
		r = test_text(f, real_path, &path, err);
	if (r == 0)
		r = find_process(f, c, map, &p, err);
	if (r < 0)
		return r;
	type = event_text_type(word);
	if (type < 0)
		return test_fault(f, name, err, "there is no event \"" STR_FMT "\" (see monitor list events)",
				  STR_ARG(word));
	if (is_exec((uint16_t)type)) {
		r = become(f, p, map, err);
		if (r < 0)
			return r;
	}
	strbuf_addi(&line, p->record.tid);
	strbuf_addf(&line, " " STR_FMT, STR_ARG(word));
	r = add_params(f, p, (uint16_t)type, map, &line, err);
	if (r < 0)
		return r;
	return line.failed ? test_out_of_memory(err) : test_add_event(f, c, strbuf_str(&line), path, map, err);
}

/* What is known of the containers comes first, each once. */
int test_add_containers(struct test_file *f, struct test_case *c, const struct yaml_node *node, struct error *err)
{
	auto_strbuf struct strbuf line = { 0 };
	int r = 0;

	for (const struct test_process *p = c->processes; p && r == 0; p = p->next) {
		const struct test_process *same = c->processes;

		while (same != p && !str_eq(same->container, p->container))
			same = same->next;
		if (!p->container.len || same != p)
			continue;
		strbuf_reset(&line);
		strbuf_addi(&line, p->record.tid);
		strbuf_adds(&line, " container json=");
		test_quote(&line, p->container);
		r = line.failed ? test_out_of_memory(err) : test_add_event(f, c, strbuf_str(&line), STR(""), node, err);
	}
	return r;
}

int test_read_events(struct test_file *f, struct test_case *c, const struct yaml_node *node, struct error *err)
{
	int r = test_kind(f, node, YAML_SEQUENCE, err);

	if (r < 0)
		return r;
	test_processes_start(c);
	r = test_add_containers(f, c, node, err);
	for (uint32_t i = 0; r == 0 && i < node->count; i++) {
		const struct yaml_node *item = node->items[i];
		struct str text;

		if (item->kind == YAML_MAP) {
			r = add_map(f, c, item, err);
		} else {
			/* the line form of the event, without its time */
			r = test_text(f, item, &text, err);
			if (r == 0)
				r = test_add_event(f, c, text, STR(""), item, err);
		}
	}
	return r;
}
