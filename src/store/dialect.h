/* store/dialect.h - the few words in which database engines differ.
 *
 * Everything else that sql.c writes (quoted names, LIMIT, ON CONFLICT, row comparison, SAVEPOINT)
 * is the same in SQLite and PostgreSQL. Parameters are written ?1, ?2 everywhere; a driver whose
 * engine wants $1, $2 exchanges the sign when it prepares.
 */
#ifndef STORE_DIALECT_H
#define STORE_DIALECT_H

struct dialect {
    const char *name;
    const char *key_type; /* text that orders by its bytes */
    const char *text_type;
    const char *integer_type; /* 64 bits */
    const char *bytes_type;
    const char *table_options; /* behind the parenthesis that ends CREATE TABLE */
    const char *table_exists; /* a query: one parameter, the name; one column, how many there are */
    const char *table_index[2]; /* the name of the index that a table itself is, around its name */
    const char *index_exists;   /* the same of an index */
    const char *table_count;    /* a query: one column, how many tables the database holds */

    /* For conditions. Functions, by name: */
    const char *lower, *upper; /* of ASCII letters alone */
    const char *contains, *begins,
        *ends;                    /* text, part, whether the case of letters counts: 1 or 0 */
    const char *find;             /* text, part: where it stands, from 1; 0: nowhere */
    const char *trim;             /* text, characters to take off both ends */
    const char *least, *greatest; /* of two numbers; null when one is */
    const char *round, *floor, *ceiling; /* of a number; a whole one as it is */
    const char *modulo;  /* of two numbers of which one has a fraction, the other not 0 */
    const char *whole;   /* a number, the least, the greatest: cut towards 0; beyond them null */
    const char *printed; /* enum edm_filter_type, the value, minutes of its offset: as in JSON */
    const char *sum;     /* of whole numbers or others; past 64 bits a floating-point number */
    const char *matches; /* a text, a regular expression, whether the case of letters counts */
    /* Counts a row of a list and is true: for who reads all rows anyhow (db_driver.take_count). */
    const char *counted;
    /* And forms, of which each part but the last is followed by an expression: */
    const char *items[3];       /* a collection's items as a table, collection, name; `value` is its
                                 * column */
    const char *item_lower;     /* a column of `items`: an item in lower case */
    const char *has_item;       /* collection, text, whether the case of letters counts: 1 or 0 */
    const char *items_count[2]; /* how many there are */
    const char *item_place;     /* a column of `items`: where an item stands */
    const char *items_joined[3]; /* an item, the table: all items in their order as one text */
    const char *calendar[3][2];  /* year, month, day of the seconds since 1970 */
};

extern const struct dialect dialect_sqlite;

#endif
