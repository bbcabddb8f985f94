/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/limits.h"
#include "rule/assemble.h"
#include "rule/describe.h"
#include "rule/engine.h"
#include "rule/read_item.h"
#include "rule/schema.h"

#define ARENA_BYTES (256 << 10)

/* A file that was added, and what was found in it. */
struct loaded_file {
	struct rule_file file;
	struct load_result result;
	struct loaded_file *next;
};

struct rule_loader {
	struct arena *arena; /* items, contexts, findings: everything but the rule set */
	struct engine_options options; /* borrowed */
	struct items items;
	struct loaded_file *files; /* the last one first */
	struct ruleset *rules; /* of the last file that was fine; NULL once it was given away */
	bool refused; /* a file had an error */
};

int rule_loader_new(const struct engine_options *options, struct rule_loader **ret_loader, struct error *err)
{
	struct rule_loader *l = calloc(1, sizeof(*l));

	if (!l)
		return error_set(err, -ENOMEM, "out of memory");
	l->options = *options;
	l->arena = arena_new(ARENA_BYTES);
	if (!l->arena) {
		rule_loader_free(l);
		return error_set(err, -ENOMEM, "out of memory");
	}
	l->items.arena = l->arena;
	l->items.options = &l->options;
	*ret_loader = l;
	return 0;
}

void rule_loader_free(struct rule_loader *l)
{
	if (!l)
		return;
	ruleset_free(l->rules);
	items_free(&l->items);
	arena_free(l->arena);
	free(l);
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static int read_document(struct rule_loader *l, struct findings *f, const struct yaml_node *root,
			 const struct load_context *file)
{
	const struct load_context *at = file;
	bool refused = false;

	if (root->kind == YAML_NULL)
		return 0;
	if (f->ours)
		at = findings_context(f, file, ITEM_CONTENT_ITEM, STR(""), root);
	if (root->kind != YAML_SEQUENCE)
		return findings_error(f, LOAD_ERR_YAML_VALIDATE, at, "the rules must be a list of items, not a %s",
				      root->kind == YAML_MAP ? "map" : "text");
	for (uint32_t i = 0; i < root->count; i++) {
		int r = root->items[i]->kind == YAML_NULL ? 0 : read_item(&l->items, f, root->items[i], file);

		refused |= r == -EINVAL;
		if (r < 0 && !(r == -EINVAL && f->ours))
			return r;
	}
	return refused ? -EINVAL : 0;
}

/* Everything that is found in the text; the items that are fine stay. */
static int read_text(struct rule_loader *l, struct findings *f, struct rule_file *file, struct texts *schema)
{
	const struct load_context *at = findings_file(f, file);
	struct yaml_documents documents = { 0 };
	struct yaml_position where;
	struct error err = { 0 };
	bool refused = false;
	int r;

	r = yaml_load(l->arena, file->text, f->ours ? 0 : YAML_FORGIVING, &documents, &where, &err);
	if (r == -EINVAL || r == -E2BIG)
		return findings_error(f, LOAD_ERR_YAML_PARSE, findings_context_at(f, at, ITEM_VALUE, STR(""), where),
				      "%s", err.text);
	if (r < 0)
		return r;
	file->text = documents.text;
	/* as in Falco, the first document decides whether all are called valid */
	for (size_t i = 0; i < documents.count && (i == 0 || schema->count); i++) {
		r = schema_check(l->arena, documents.list[i], schema);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < documents.count; i++) {
		r = read_document(l, f, documents.list[i], at);
		refused |= r == -EINVAL;
		if (r < 0 && !(r == -EINVAL && f->ours))
			return r;
	}
	return refused ? -EINVAL : 0;
}

static int load_text(struct rule_loader *l, struct loaded_file *loaded, struct findings *f)
{
	struct texts schema = { 0 };
	struct ruleset *rules;
	int r, also;

	r = read_text(l, f, &loaded->file, &schema);
	loaded->result.schema_warnings = schema.list;
	loaded->result.nschema_warnings = schema.count;
	loaded->result.parsed = !(f->count && f->list[0].code == LOAD_ERR_YAML_PARSE);
	if (r < 0 && !(r == -EINVAL && f->ours && loaded->result.parsed))
		return r;
	also = assemble(&l->items, &l->options, f, &rules);
	if (f->ours)
		findings_sort(f);
	if (also < 0)
		return also;
	if (r < 0) {
		ruleset_free(rules);
		return r;
	}
	ruleset_free(l->rules);
	l->rules = rules;
	return 0;
}

static struct loaded_file *new_file(struct rule_loader *l, struct str name, struct str text)
{
	struct loaded_file *loaded = arena_new_of(l->arena, struct loaded_file);

	if (!loaded)
		return NULL;
	loaded->file.name = loaded->result.name = arena_str(l->arena, name);
	loaded->file.text = arena_str(l->arena, text);
	return loaded->file.name.ptr && loaded->file.text.ptr ? loaded : NULL;
}

/* r: what became of it */
static int take_file(struct rule_loader *l, struct loaded_file *loaded, const struct findings *f, int r,
		     struct error *err)
{
	if (f->failed || (r < 0 && r != -EINVAL))
		return error_set(err, -ENOMEM, "out of memory while loading " STR_FMT, STR_ARG(loaded->result.name));
	loaded->result.successful = r == 0;
	loaded->result.findings = f->list;
	loaded->result.nfindings = f->count;
	loaded->result.omitted = f->omitted;
	l->refused |= r < 0;
	loaded->next = l->files;
	l->files = loaded;
	return 0;
}

int rule_loader_add(struct rule_loader *l, struct str name, struct str text, const struct load_result **ret_result,
		    struct error *err)
{
	struct loaded_file *loaded = new_file(l, name, text);
	struct findings f = { .arena = l->arena, .ours = l->options.ours };
	int r;

	if (!loaded)
		return error_set(err, -ENOMEM, "out of memory");
	if (text.len > RULES_MAX_BYTES)
		r = findings_error(&f, LOAD_ERR_FILE_READ, findings_file(&f, &loaded->file),
				   "the file is larger than %d MiB", RULES_MAX_BYTES >> 20);
	else
		r = load_text(l, loaded, &f);
	r = take_file(l, loaded, &f, r, err);
	if (r == 0)
		*ret_result = &loaded->result;
	return r;
}

int rule_loader_add_unread(struct rule_loader *l, struct str name, const char *why,
			   const struct load_result **ret_result, struct error *err)
{
	struct loaded_file *loaded = new_file(l, name, STR(""));
	struct findings f = { .arena = l->arena, .ours = l->options.ours };
	int r;

	if (!loaded)
		return error_set(err, -ENOMEM, "out of memory");
	r = findings_error(&f, LOAD_ERR_FILE_READ, findings_file(&f, &loaded->file), "%s", why);
	r = take_file(l, loaded, &f, r, err);
	if (r == 0)
		*ret_result = &loaded->result;
	return r;
}

/* ---- what is asked of plugins -------------------------------------------------------------------------- */

/* 1 = it will do, 0 = it is no plugin of that name, -EINVAL = it is too old. */
static int serves(const struct plugin_version *wanted, struct str name, struct str version, struct error *err)
{
	struct version there, v = { 0 };

	if (!str_eq(name, wanted->name) || version_parse(version, &there) < 0)
		return 0;
	version_parse(wanted->version, &v); /* checked when it was read */
	if (version_serves(&there, &v))
		return 1;
	return error_set(err, -EINVAL,
			 "the rules need version " STR_FMT " of the plugin '" STR_FMT "', this one has %u.%u.%u",
			 STR_ARG(wanted->version), STR_ARG(wanted->name), there.major, there.minor, there.patch);
}

static int check_plugin(const struct plugin_requirement *plugin, const struct engine_options *options,
			struct error *err)
{
	struct strbuf names auto_strbuf = { 0 };
	int r = 0;

	for (size_t i = 0; i < plugin->count; i++) {
		const struct plugin_version *v = &plugin->alternatives[i];

		strbuf_addf(&names, "%s" STR_FMT " " STR_FMT, i ? " or " : "", STR_ARG(v->name), STR_ARG(v->version));
		for (size_t k = 0; r == 0 && k < options->nplugins; k++)
			r = serves(v, options->plugins[k].name, options->plugins[k].version, err);
		if (r == 0 && options->fields.container_plugin)
			r = serves(v, STR(CONTAINER_PLUGIN), STR(CONTAINER_PLUGIN_VERSION), err);
		if (r)
			return r < 0 ? r : 0;
	}
	if (names.failed)
		return error_set(err, -ENOMEM, "out of memory");
	return error_set(err, -EINVAL, "the rules need a plugin that is not loaded: %s", names.ptr);
}

int rule_loader_check_plugins(const struct rule_loader *l, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < l->items.nplugins && r == 0; i++)
		r = check_plugin(&l->items.plugins[i], &l->options, err);
	return r;
}

/* ---- compiling ----------------------------------------------------------------------------------------- */

/* Nothing was added, or the last rule set was given away: what is found now was found before. */
static int assemble_again(struct rule_loader *l, struct error *err)
{
	struct findings f = { .arena = l->arena };
	int r;

	if (l->refused)
		return error_set(err, -EINVAL, "the rules have errors");
	if (l->rules)
		return 0;
	r = assemble(&l->items, &l->options, &f, &l->rules);
	return r < 0 ? error_set(err, r, r == -ENOMEM ? "out of memory" : "the rules have errors") : 0;
}

int rule_loader_describe(struct rule_loader *l, const char *rule, struct strbuf *out, struct error *err)
{
	int r = assemble_again(l, err);

	return r < 0 ? r : describe(out, &l->items, l->rules, &l->options, rule, err);
}

int rule_loader_compile(struct rule_loader *l, struct ruleset **ret_rules, struct error *err)
{
	int r = assemble_again(l, err);

	if (r < 0)
		return r;
	assemble_keep_source(l->rules, &l->options);
	r = ruleset_compile(l->rules, err);
	if (r < 0) {
		ruleset_free(l->rules);
		l->rules = NULL;
		return r;
	}
	*ret_rules = take_ptr(l->rules);
	return 0;
}

int rule_loader_compile_for(struct rule_loader *l, struct str source, struct ruleset **ret_rules, struct error *err)
{
	struct str before = l->options.source;
	int r;

	l->options.source = source;
	r = rule_loader_compile(l, ret_rules, err);
	l->options.source = before;
	return r;
}
