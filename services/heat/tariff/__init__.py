"""What heat costs: one file for each price component, amounts in whole öre.

One line at a time, in exact fractions and whole numbers: a yearly price over a part of the year rarely ends in whole
öre, and a float or a scaled integer would round it twice. A hundred thousand invoices take some seconds this way.
"""
