"""What heat costs: one file for each price component, amounts in whole öre.

A price list is laid out as tables once (`table`), by which any number of contracts are rated at once (`rating`). All is
whole numbers and rounded once a line, as exact fractions would be: a yearly price over a part of the year rarely ends
in whole öre, and a float would round it twice.
"""
